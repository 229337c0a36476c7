"""GM and its control side by side, as the command line leaves them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.command_line import nasbench, tiny_preset
from tests.forging import resign

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, accuracies: Path) -> Path:
    folder = tmp_path_factory.mktemp("control") / "runs"
    preset = tiny_preset(tmp_path_factory.mktemp("preset"))
    called = nasbench(
        *("compare", "--method", "gm", "--method", "gm-random", "--seeds", "2", "--jobs", "1"),
        *("--preset", preset, "--table", accuracies, "--out", folder),
    )
    assert called.code == 0, called.err
    return folder


def test_they_stand_in_one_comparison_and_follow_from_their_records(
    compared: Path, accuracies: Path
) -> None:
    summary = pd.read_csv(compared / "comparison.csv")
    assert summary["method"].tolist() == ["gm", "gm-random"]
    assert summary["runs"].tolist() == [2, 2]
    called = nasbench("verify", compared, "--table", accuracies)
    assert called.code == 0, called.out


def test_they_are_tested_in_pairs(compared: Path, accuracies: Path, tmp_path: Path) -> None:
    called = nasbench("report", compared, "--table", accuracies, "--out", tmp_path)
    assert called.code == 0, called.err
    pairs = pd.read_csv(tmp_path / "tables" / "comparisons.csv")
    assert {*pairs["method"], *pairs["other"]} == {"gm", "gm-random"}


def test_an_edge_that_does_not_follow_is_found(compared: Path, tmp_path: Path) -> None:
    runs = shutil.copytree(compared, tmp_path / "runs")

    def change(contents: dict[str, Any]) -> None:
        split = contents["trace"]["splits"][0]
        split["edge"] = next(edge for edge in split["distances"] if edge != split["edge"])

    resign(runs / "gm-random-seed0.json", change)
    called = nasbench("verify", runs)
    assert called.code == 1
    assert "gm-random-seed0.json: root is split on " in called.out
