"""Runs that score a sample on the way: as honest as others, and as easily found out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.app.checking import Checks, TableChoice, verify_folder
from benchmark.records import read_record
from tests.command_line import nasbench, tiny_preset
from tests.forging import Change, resign

pytestmark = pytest.mark.slow
METHODS = ("one-shot", "few-shot", "gm", "random")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, accuracies: Path) -> Path:
    """Return a folder of runs with trajectories, as the command line leaves it."""
    folder = tmp_path_factory.mktemp("watched")
    methods = [word for method in METHODS for word in ("--method", method)]
    called = nasbench(
        *("run", *methods, "--seeds", "1", "--jobs", "1", "--set", "trajectory.points=3"),
        *("--set", "trajectory.architectures=500"),  # some of them are one function
        *("--preset", tiny_preset(folder), "--table", accuracies, "--out", folder / "runs"),
    )
    assert called.code == 0, called.err
    return folder / "runs"


def test_what_nobody_touched_is_reported_verified_and_run_again(
    watched: Path, accuracies: Path, tmp_path: Path
) -> None:
    record = read_record(watched / "gm-seed0.json")
    assert len(record.trace["trajectory"]["points"]) == 3
    called = nasbench("report", watched, "--table", accuracies, "--out", tmp_path / "report")
    assert called.code == 0, called.err
    assert list((tmp_path / "report").rglob("tau-over-budget*.svg"))
    called = nasbench("verify", watched, "--table", accuracies)
    assert called.code == 0, called.out
    for method in METHODS:
        path = watched / f"{method}-seed0.json"
        called = nasbench("rerun", path)
        assert (called.code, called.out) == (0, f"{path}: identical\n")


def of_trajectory(change: Callable[[dict[str, Any]], object]) -> Change:
    return lambda contents: change(contents["trace"]["trajectory"])


def put_last_score(trajectory: dict[str, Any]) -> None:
    scores = trajectory["points"][-1]["scores"]
    scores[7] = float(np.nextafter(scores[7], -np.inf))


FORGERIES: dict[str, tuple[Change, str]] = {
    "a point less": (
        of_trajectory(lambda it: it["points"].pop(0)),
        "images to score, not ",
    ),
    "a point more": (
        of_trajectory(lambda it: it["points"].insert(0, {**it["points"][0], "spent": 1})),
        "its trajectory has other points than 3 of 500 scores",
    ),
    "a score less": (
        of_trajectory(lambda it: it["points"][1]["scores"].pop()),
        "trace.trajectory.points[1] has 499 scores",
    ),
    "another sample": (
        of_trajectory(lambda it: it["codes"].__setitem__(0, it["codes"][0] + 1)),
        "its trajectory scores others than the 500 of every run",
    ),
    "another order": (
        of_trajectory(lambda it: it["points"].insert(0, it["points"].pop(1))),
        "are not in the order of what was spent",
    ),
    "another end": (
        of_trajectory(put_last_score),
        "its trajectory does not end with its scores and what it spent",
    ),
    "no trajectory": (
        lambda it: it["trace"].pop("trajectory"),
        "of its task and its trace one has a trajectory",
    ),
    "none of it in the task": (
        lambda it: it["task"].pop("trajectory"),
        "of its task and its trace one has a trajectory",
    ),
    "no points": (of_trajectory(lambda it: it.update(points=[])), "trace.trajectory.points"),
    "a text": (lambda it: it["trace"].update(trajectory="x"), "trace.trajectory i"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_trajectory_that_was_signed_again(
    watched: Path, accuracies: Path, tmp_path: Path, forgery: str
) -> None:
    change, fault = FORGERIES[forgery]
    runs = tmp_path / "runs"
    runs.mkdir()
    shutil.copy(watched / "gm-seed0.json", runs)
    resign(runs / "gm-seed0.json", change)
    checks = Checks()
    verify_folder(runs, TableChoice(str(accuracies)), checks)
    found = [str(one) for one in checks.findings if one.where == "gm-seed0.json"]
    assert any(fault in line for line in found), found
    assert all("\n" not in line for line in found)
