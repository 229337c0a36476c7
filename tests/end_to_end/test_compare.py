"""All methods side by side, as the command line runs them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from baselines.registry import METHODS
from benchmark.records import read_records
from tests.command_line import nasbench

STEP, BUDGET = 4, 600  # images


def test_all_methods_are_compared_at_one_budget(preset: Path, tmp_path: Path) -> None:
    called = nasbench(
        *("compare", "--preset", preset, "--seeds", "7,", "--jobs", "1", "--out", tmp_path)
    )
    assert (called.code, called.err) == (0, "")
    summary = pd.read_csv(tmp_path / "comparison.csv")
    usual = [name for name, method in METHODS.items() if not method.expensive]
    assert summary["method"].tolist() == usual
    assert set(summary["runs"]) == {1}
    records = read_records(tmp_path)
    assert {record.method for record in records} == set(usual)
    for record in records:
        spent = record.budget["spent"]
        assert spent == 0 if METHODS[record.method].reference else BUDGET - STEP < spent <= BUDGET
    assert len({record.scores.tobytes() for record in records}) == len(usual)
