"""Every method with every base, as the command line runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.training import BASES
from benchmark.records import read_records
from tests.command_line import nasbench, tiny_preset

METHODS = ("one-shot", "few-shot", "gm", "gm-random")
NAMES = [word for method in METHODS for word in ("--method", method)]
BATCH, BUDGET = 4, 400  # images


@pytest.mark.parametrize("base", BASES)
def test_every_method_runs_with_a_base(tmp_path: Path, base: str) -> None:
    preset = tiny_preset(tmp_path, budget=str(BUDGET), levels="1", candidates="40", drawn="20")
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


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("base", BASES)
def test_every_method_runs_with_a_base_on_ci(tmp_path: Path, base: str) -> None:
    called = nasbench(
        "run", *NAMES, "--base", base, "--seeds", "1", "--preset", "ci", "--out", tmp_path
    )
    assert called.code == 0, called.err
    assert nasbench("verify", tmp_path).code == 0
