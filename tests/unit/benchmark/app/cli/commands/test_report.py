"""``nasbench report``: the same bytes each time, and errors in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.report.figures import FIGURES
from analysis.report.tables.catalogue import TABLES
from benchmark.records import RunRecord, record_path, write_record
from benchmark.records.unit import Unit
from tests.command_line import ROOT, finish, nasbench, start_nasbench

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
    task = {
        "preset": "x",
        "space": "nb201",
        "training": {"batch_size": 16, "budget": 64},
        "scoring": {"candidates": 40},
        "truth": {"table": "analog-nasbench", "accuracy": "cifar10_test_200"},
    }
    for method in ("one-shot", "own-method"):
        for seed in (0, 1):
            scores = np.random.default_rng([seed, len(method)]).normal(size=40)
            levels = [{"images": 64, "matching": 0}]
            trace = {"losses": {"root": [2.0, 1.0]}, "levels": levels, "splits": [], "leaves": []}
            write_record(RunRecord(method, seed, task, scores, BUDGET, trace, {}), folder)
    return folder


@pytest.mark.nightly
def test_twice_in_two_processes_the_bytes_are_the_same(runs: Path, tmp_path: Path) -> None:
    for folder, seed in ((tmp_path / "one", "1"), (tmp_path / "other", "2")):
        done = finish(start_nasbench("report", runs, "--out", folder, PYTHONHASHSEED=seed))
        assert done.code == 0, done.err
    paths = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(paths) > 30
    for path in paths:
        other = tmp_path / "other" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_it_names_what_it_wrote_what_it_left_out_and_the_truth(runs: Path) -> None:
    done = nasbench("report", runs)
    assert done.code == 0, done.err
    assert done.out.splitlines()[:2] == [
        "Truth: cifar10_test_200 of table analog-nasbench, 15,625 architectures",
        str(runs / "report" / "report.html"),
    ]
    assert "left out: ablation: there are no runs with other options" in done.err
    assert (runs / "report" / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no folder nowhere"),
        (["{runs}", "--accuracy", "cifar100_test_200"], "has no cifar100_test_200"),
        (["{runs}", "--published", "none.csv"], "cannot read none.csv"),
    ],
)
def test_what_cannot_be_used_is_one_line(runs: Path, arguments: list[str], message: str) -> None:
    done = nasbench("report", *(argument.format(runs=runs) for argument in arguments))
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (runs / "report").exists()


def test_a_damaged_record_makes_no_report(runs: Path) -> None:
    path = record_path(runs, Unit("one-shot", "rsps", 0))
    path.write_bytes(path.read_bytes()[:-100])
    done = nasbench("report", runs)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "cut off or damaged" in done.err
    assert not (runs / "report").exists()


def test_a_folder_that_cannot_be_written_is_named(runs: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = nasbench("report", runs, "--out", blocked / "report")
    assert done.code == 1
    assert f"cannot write {blocked}" in done.err


def test_the_documentation_names_everything() -> None:
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    names = [*TABLES, *FIGURES, "--out", "--table", "--accuracy", "--published"]
    assert [name for name in names if f"`{name}`" not in text and f"{name} " not in text] == []
