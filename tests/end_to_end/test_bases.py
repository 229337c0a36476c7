"""Every method with every base, as the command line runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.training import BASES
from benchmark.records import read_records
from tests.command_line import nasbench

METHODS = ("one-shot", "few-shot", "gm", "gm-random")
BATCH, BUDGET = 4, 600  # images


@pytest.mark.slow
@pytest.mark.parametrize("base", BASES)
def test_every_method_runs_with_a_base(preset: Path, tmp_path: Path, base: str) -> None:
    methods = [word for method in METHODS for word in ("--method", method)]
    where = ["--preset", str(preset), "--out", str(tmp_path)]
    called = nasbench("run", *methods, "--base", base, "--seeds", "2,", "--jobs", "1", *where)
    assert called.code == 0, called.err
    ending = "" if base == "rsps" else f"-{base}"
    for method in METHODS:
        assert (tmp_path / f"{method}{ending}-seed2.json").is_file()
    records = read_records(tmp_path)
    assert {record.task["search"]["base"] for record in records} == {base}
    assert all(BUDGET - 5 * BATCH < record.budget["spent"] <= BUDGET for record in records)
    assert len({record.scores.tobytes() for record in records}) == len(METHODS)
    assert nasbench("verify", tmp_path).code == 0
