"""The command as a user meets it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.report.pictures import PICTURES
from analysis.report.tables.catalogue import TABLES
from benchmark.records import RunRecord, Unit, record_path, write_record
from benchmark.spaces.nb201 import SIZE

ROOT = Path(__file__).resolve().parents[5]
BUDGET = {
    "budget": 64,
    "spent": 64,
    "parts": {"shared training": 64, "gradient matching": 0, "leaf training": 0},
    "scored": 10,
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder with two methods at two seeds."""
    folder = tmp_path / "runs"
    for method in ("one-shot", "own-method"):
        for seed in (0, 1):
            scores = np.random.default_rng([seed, len(method)]).normal(size=SIZE)
            trace = {"losses": {"root": [2.0, 1.0]}, "splits": [], "leaves": []}
            task = {"preset": "x", "training": {"batch_size": 16, "budget": 64}}
            write_record(RunRecord(method, seed, task, scores, BUDGET, trace, {}), folder)
    return folder


def report(*arguments: object, seed: int = 0) -> subprocess.CompletedProcess[str]:
    code = "from benchmark.app.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "report", *map(str, arguments)],
        env=os.environ | {"PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_twice_in_two_processes_the_bytes_are_the_same(runs: Path, tmp_path: Path) -> None:
    first = report(runs, seed=1)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[0] == str(runs / "report" / "report.html")
    assert "left out: ablation: there are no runs with other options" in first.stderr
    assert report(runs, "--out", tmp_path / "other", seed=2).returncode == 0
    paths = [path for path in (runs / "report").rglob("*") if path.is_file()]
    assert len(paths) > 30
    for path in paths:
        assert (
            path.read_bytes()
            == (tmp_path / "other" / path.relative_to(runs / "report")).read_bytes()
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no folder nowhere"),
        (["{runs}", "--accuracy", "cifar100_test_200"], "has no cifar100_test_200"),
        (["{runs}", "--published", "none.csv"], "cannot read none.csv"),
    ],
)
def test_what_cannot_be_used_is_one_line(runs: Path, arguments: list[str], message: str) -> None:
    done = report(*(argument.format(runs=runs) for argument in arguments))
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (runs / "report").exists()


@pytest.mark.slow
def test_a_damaged_record_makes_no_report(runs: Path) -> None:
    path = record_path(runs, Unit("one-shot", "rsps", 0))
    path.write_bytes(path.read_bytes()[:-100])
    done = report(runs)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "cut off or damaged" in done.stderr
    assert not (runs / "report").exists()


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_named(runs: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = report(runs, "--out", blocked / "report")
    assert done.returncode == 1
    assert f"cannot write {blocked}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_documentation_names_everything() -> None:
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    names = [*TABLES, *PICTURES, "--out", "--table", "--accuracy", "--published"]
    assert [name for name in names if f"`{name}`" not in text and f"{name} " not in text] == []
