"""A record that was changed is found, even where it was signed again."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.app.checking import Checks
from benchmark.app.checking.record_checks import check_record
from benchmark.records import RunRecord, read_record
from benchmark.spaces.nb201 import live_codes
from benchmark.spaces.registry import open_space
from tests.command_line import nasbench, tiny_preset

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def record(honest: Path) -> RunRecord:
    return read_record(honest / "gm-seed1.json")


def findings(record: RunRecord) -> list[str]:
    checks = Checks()
    check_record(record, "gm-seed1.json", checks)
    return checks.findings


def changed(record: RunRecord, change: Change) -> RunRecord:
    parts = ("task", "budget", "trace", "provenance")
    contents = {name: deepcopy(getattr(record, name)) for name in parts}
    change(contents)
    return replace(record, **contents)


def put(*path: Any, value: Any) -> Change:
    """Return a change that puts a value into nested contents."""

    def change(contents: Any) -> None:
        *folders, last = path
        for one in folders:
            contents = contents[one]
        contents[last] = value(contents[last]) if callable(value) else value

    return change


def select_from_another_leaf(contents: dict[str, Any]) -> None:
    first, second, *_ = contents["trace"]["leaves"]
    first["selected"] = second["selected"]


def split_another_decision(contents: dict[str, Any]) -> None:
    splits = contents["trace"]["splits"]
    taken = {name for split in splits for name in split["decisions"]}
    splits[-1]["decisions"] = [
        next(name for name in ("0→1", "0→2", "0→3", "1→2") if name not in taken)
    ]


def split_jointly(contents: dict[str, Any]) -> None:
    """Let the first split be a joint one, with a combination in another group."""
    splits = contents["trace"]["splits"]
    first, options = splits[0], open_space("nb201").decisions[0].options
    taken = {name for split in splits for name in split["decisions"]}
    first["decisions"] += [next(name for name in ("0→1", "0→2", "0→3", "1→2") if name not in taken)]
    one, two = ([f"{a} & {b}" for a in group for b in options] for group in first["groups"])
    first["groups"] = [one[1:], [*two, one[0]]]


LEAF = ("trace", "leaves", 0)
POINTS = ("trace", "trajectory", "points")
FORGERIES: dict[str, tuple[Change, str]] = {
    "a part of the budget": (
        put("budget", "parts", "leaf training", value=lambda images: images - 8),
        "its parts sum to 592 images, it says 600 were spent",
    ),
    "more spent than there was": (
        lambda it: (
            put("budget", "parts", "leaf training", value=lambda images: images + 8)(it),
            put("budget", "spent", value=608)(it),
        ),
        "it spent 608 of 600 images",
    ),
    "another budget": (
        put("budget", "budget", value=601),
        "its budget is 601 images, its task's 600",
    ),
    "a split of another decision": (
        split_another_decision,
        "its leaves are not what its splits lead to",
    ),
    "a joint split": (
        split_jointly,
        "its leaves are not what its splits lead to",
    ),
    "a decision of no space": (
        put("trace", "splits", 0, "decisions", value=["0→4"]),
        "unknown decision of NAS-Bench-201 '0→4'",
    ),
    "an option of no decision": (
        put("trace", "splits", 0, "groups", 0, value=["nor"]),
        "unknown option of ",
    ),
    "groups that divide nothing": (
        put("trace", "splits", 0, "groups", 0, value=["none"]),
        "do not divide the options",
    ),
    "a leaf that no split leads to": (
        put(*LEAF, "node", value="root.7"),
        "its leaves are not what its splits lead to",
    ),
    "a leaf less": (
        put("trace", "leaves", value=lambda leaves: leaves[1:]),
        "its leaves are not what its splits lead to",
    ),
    "a leaf that holds less": (
        put(*LEAF, "options", 5, value=["none"]),
        "its leaves are not what its splits lead to",
    ),
    "a leaf that says less": (put(*LEAF, "architectures", value=7), "it says 7"),
    "an architecture of another leaf": (select_from_another_leaf, ", which leaf root."),
    "another score of the selected": (put(*LEAF, "selected", "score", value=-0.5), " -0.5, its "),
    "no architecture": (
        put("trace", "leaves", 0, value=lambda leaf: {**leaf, "selected": None}),
        "trace",
    ),
    "a leaf that selects none": (
        lambda it: it["trace"]["leaves"][0].pop("selected"),
        ": each leaf that scores must select one",
    ),
    "another choice": (
        put("trace", "choice", "score", value=0.0),
        "its choice is not the best that its leaves select",
    ),
    "a point more": (
        put(*POINTS, value=lambda points: [{**points[0], "spent": 1}, *points]),
        "its trajectory is not 3 points",
    ),
    "another order of points": (
        put(*POINTS, value=lambda points: [points[1], points[0], points[2]]),
        "its trajectory is not 3 points",
    ),
    "another sample": (
        put("trace", "trajectory", "codes", 0, value=lambda code: code + 1),
        "trajectory",
    ),
    "another end": (
        put(*POINTS, -1, "scores", 7, value=lambda score: float(np.nextafter(score, -9))),
        "its trajectory does not end with its scores and what it spent",
    ),
    "no trajectory": (
        lambda it: it["trace"].pop("trajectory"),
        "only one of its task and its trace has a trajectory",
    ),
    "a text for a number": (put("budget", "spent", value="600"), "its budget is not as"),
    "a list for a mapping": (put("trace", "leaves", value=[1, 2]), "its trace is not as"),
    "nothing": (put("trace", "splits", value=None), "its trace is not as"),
}


def test_an_honest_record_holds(record: RunRecord) -> None:
    assert findings(record) == []


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_record_is_found(record: RunRecord, forgery: str) -> None:
    change, fault = FORGERIES[forgery]
    found = findings(changed(record, change))
    assert any(fault in line for line in found), found
    assert all(line.startswith("gm-seed1.json: ") and "\n" not in line for line in found)


def test_functions_have_one_score(record: RunRecord) -> None:
    live, counts = np.unique(live_codes(record.codes), return_counts=True)
    several = live[counts > 1][0]
    place = np.flatnonzero(live_codes(record.codes) == several)[1]
    scores = record.scores.copy()
    scores[place] = np.nextafter(scores[place], -np.inf)
    message = "1 architectures have another score than the same function in its canonical form"
    assert any(message in line for line in findings(replace(record, scores=scores)))


def test_another_seed_has_other_random_streams(record: RunRecord) -> None:
    found = findings(replace(record, seed=4))
    assert found
    assert all(line.endswith("is not that of seed 4") for line in found)


def test_a_searched_leaf_that_scores_nothing_selects_nothing(tmp_path: Path) -> None:
    """Where edge 0→1 carries nothing, edge 1→3 is dead, so canonical codes have none there."""
    split = ("--set", 'methods.few-shot.decisions=["0→1", "1→3"]')
    search = ("--set", 'selection.by="random"', "--set", "selection.evaluations=2")
    asked = ("--preset", tiny_preset(tmp_path), "--seeds", "1", "--out", tmp_path / "runs")
    called = nasbench("run", "--method", "few-shot", *asked, *split, *search)
    assert called.code == 0, called.err
    record = read_record(tmp_path / "runs" / "few-shot-seed0.json")
    assert sum("selected" in leaf for leaf in record.trace["leaves"]) == 25 - 4
    assert findings(record) == []
