"""Every method with every base, as the command line runs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baselines.training import BASES
from benchmark.records import read_records
from benchmark.spaces.base import Space
from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.registry import open_space
from tests.command_line import nasbench, tiny_preset

METHODS = ("one-shot", "few-shot", "gm", "gm-random")
NAMES = [word for method in METHODS for word in ("--method", method)]
BATCH, BUDGET = 4, 400  # images


@pytest.mark.parametrize("base", BASES)
def test_every_method_runs_with_a_base(tmp_path: Path, base: str) -> None:
    preset = tiny_preset(tmp_path, budget=str(BUDGET), groups="[2]", candidates="40", drawn="20")
    where = ("--preset", preset, "--out", tmp_path / "runs")
    called = nasbench("run", *NAMES, "--base", base, "--seeds", "2,", "--jobs", "1", *where)
    assert called.code == 0, called.err
    ending = "" if base == "rsps" else f"-{base}"
    for method in METHODS:
        assert (tmp_path / "runs" / f"{method}{ending}-seed2.json").is_file()
    records = read_records(tmp_path / "runs")
    assert {record.task["search"]["base"] for record in records} == {base}
    assert all(BUDGET - 5 * BATCH < record.budget["spent"] <= BUDGET for record in records)
    scores = {record.scores.tobytes() for record in records if record.method != "gm-random"}
    assert len(scores) == 3  # with one split gm-random may choose the one of gm
    assert nasbench("verify", tmp_path / "runs").code == 0


def invented(path: Path, space: Space, candidates: int) -> Path:
    """Write a CSV file of invented accuracies of a task's candidates."""
    codes = candidate_codes(candidates, space).tolist()
    percents = np.random.default_rng(0).uniform(10, 95, len(codes)).round(2).tolist()
    texts = [space.format(code).replace('"', '""') for code in codes]
    lines = [f'"{arch}",{percent}' for arch, percent in zip(texts, percents, strict=True)]
    path.write_text("\n".join(["arch,cifar10_test_200", *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "among", "base", "selection"),
    [
        ("macro", "*", "rsps", "candidates"),
        pytest.param("darts", "normal *→2", "darts", "strongest", marks=pytest.mark.nightly),
        pytest.param("darts", "normal *→2", "rsps", "evolution", marks=pytest.mark.nightly),
        pytest.param("macro", "*", "snas", "random", marks=pytest.mark.nightly),
        pytest.param("mobilenet", "stage?.2", "rsps", "local", marks=pytest.mark.nightly),
    ],
)
def test_every_method_runs_in_a_space(
    tmp_path: Path, name: str, among: str, base: str, selection: str
) -> None:
    space = open_space(name)
    preset = tiny_preset(
        tmp_path, name, budget="800", groups="[2]", min_size="1", candidates="40", drawn="20",
        by=f'"{selection}"', among=f'["{among}"]',
    )  # fmt: skip
    table = invented(tmp_path / "invented.csv", space, 40)
    truth = ("--table", table, "--allow-subset")
    where = ("--preset", preset, "--out", tmp_path / "runs", *truth)
    names = (*NAMES, "--method", "params", "--method", "random")
    called = nasbench("run", *names, "--base", base, "--seeds", "2,", "--jobs", "1", *where)
    assert called.code == 0, called.err
    records = read_records(tmp_path / "runs")
    assert {record.method for record in records} == {*METHODS, "params", "random"}
    known = [decision.name for decision in space.decisions]
    for record in records:
        assert record.space is space
        assert len(record.codes) == 40
        assert all(one["decisions"][0] in known for one in record.trace.get("splits", ()))
    verified = nasbench("verify", tmp_path / "runs", "--table", table)
    assert verified.code == 0, verified.out + verified.err
    report = nasbench("report", tmp_path / "runs", "--out", tmp_path / "report", *truth)
    assert report.code == 0, report.err


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("base", BASES)
def test_every_method_runs_with_a_base_on_ci(tmp_path: Path, base: str) -> None:
    called = nasbench(
        "run", *NAMES, "--base", base, "--seeds", "1", "--preset", "ci", "--out", tmp_path
    )
    assert called.code == 0, called.err
    assert nasbench("verify", tmp_path).code == 0
