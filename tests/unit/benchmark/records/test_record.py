from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError, MissingError
from benchmark.records import PROTOCOL, RunRecord, Unit, digest
from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.registry import open_space

MakeRecord = Callable[..., RunRecord]


def test_a_record_keeps_copies(make_record: MakeRecord) -> None:
    scores, trace = np.zeros(SIZE), {"losses": [1.0]}
    record = make_record(scores=scores, trace=trace)
    scores[0] = 1
    trace["losses"].append(2.0)
    assert record.scores[0] == 0
    assert record.trace == {"losses": [1.0]}
    with pytest.raises(ValueError, match="read-only"):
        record.scores[0] = 1


def test_numpy_in_a_trace_becomes_plain(make_record: MakeRecord) -> None:
    record = make_record(trace={"groups": (np.int64(1), np.array([0.5]))})
    assert repr(record.trace) == "{'groups': [1, [0.5]]}"


def test_the_key_is_what_decides_the_scores(make_record: MakeRecord) -> None:
    record = make_record()
    key = record.key
    assert (key.preset, key.method, key.seed, key.protocol) == ("ci", "gm", 3, PROTOCOL)
    assert key.task == digest(record.task)  # it names no truth
    judged = make_record(task={**record.task, "truth": {"table": "mine"}})
    assert judged.key == key
    same = make_record(trace={}, provenance={}, budget={}, scores=np.ones(SIZE))
    assert same.key == key
    others: list[dict[str, Any]] = [
        {"method": "one-shot"},
        {"seed": 4},
        {"protocol": PROTOCOL + 1},
        {"task": {**record.task, "network": {"channels": 4, "cells": 2}}},
        {"task": {**record.task, "preset": "laptop"}},
    ]
    for other in others:
        assert make_record(**other).key != key


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("method", "../gm", "method is '../gm': it must be lower-case letters, digits and hyphens"),
        ("method", "gm\n", r"method is 'gm\n': it must be"),
        ("method", "", "method is '': it must be"),
        ("method", None, "method is None: it must be"),
        ("seed", -1, "seed is -1: it must be an integer from 0 to"),
        ("seed", 3.0, "seed is 3.0: it must be an integer from 0 to"),
        ("protocol", 0, "protocol is 0: it must be an integer of 1 or more"),
        ("protocol", True, "protocol is True: it must be an integer of 1 or more"),
        ("task", {}, 'task has no name: give it one as "preset"'),
        ("task", {"preset": "ci"}, 'task names no search space: give it as "space"'),
        ("task", {"preset": "ci", "space": 3}, 'task names no search space: give it as "space"'),
        (
            "task",
            {"preset": "ci", "space": "nb-201"},
            "unknown space 'nb-201': did you mean 'nb201'? choose from nb201, ",
        ),
        ("task", {"preset": "ci", "space": "macro"}, "scores have shape (15625,): there must be"),
        ("task", {"preset": 3}, 'task has no name: give it one as "preset"'),
        ("trace", [], "trace is a list: it must be a mapping"),
        ("trace", {"loss": np.nan}, "trace cannot be kept as JSON: Out of range float values"),
        ("budget", None, "budget is a NoneType: it must be a mapping"),
        ("scores", np.zeros(SIZE - 1), "scores have shape (15624,): there must be one for each"),
        ("scores", np.zeros((SIZE, 1)), "scores have shape (15625, 1): there must be one"),
        (
            "task",
            {"preset": "ci", "search": {"base": "../x"}},
            "base is '../x': it must be lower-c",
        ),
        (
            "task",
            {"preset": "ci", "space": "nb201", "scoring": {"candidates": "x"}},
            "candidates are 'x': give 'all', a",
        ),
        (
            "task",
            {"preset": "ci", "space": "nb201", "scoring": {"candidates": None}},
            "candidates are None: write",
        ),
        (
            "task",
            {"preset": "ci", "space": "macro", "scoring": {"candidates": [6_561]}},
            "code 6561 is out of bounds: choose from 0 to 6560",
        ),
        (
            "task",
            {"preset": "ci", "space": "darts"},
            "DARTS has 1.1e+18 architectures, too many to list: give a number of candidates, or a",
        ),
        ("scores", 0.5, "scores have shape (): there must be one"),
    ],
)
def test_a_wrong_part_is_one_line(
    make_record: MakeRecord, part: str, value: object, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_record(**{part: value})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_must_be_finite(make_record: MakeRecord, bad: float) -> None:
    scores = np.zeros(SIZE)
    scores[[7, 9]] = bad
    with pytest.raises(InputError, match=r"^2 of 15,625 scores are not finite \(the first has"):
        make_record(scores=scores)


def test_a_record_of_few_candidates(make_record: MakeRecord) -> None:
    task = {"preset": "ci", "space": "nb201", "scoring": {"candidates": 3}}
    record = make_record(task=task, scores=np.array([1.0, 2.0, 3.0]))
    assert record.codes.tolist() == candidate_codes(3, record.space).tolist()
    assert record.scores_of(record.codes[[2, 0]]).tolist() == [3, 1]
    other = make_record(task=task, scores=np.array([4.0, 5.0, 6.0]), seed=4)
    assert np.array_equal(other.codes, record.codes)  # seeds share candidates
    absent = next(code for code in range(SIZE) if code not in record.codes)
    with pytest.raises(MissingError, match=r"^gm seed 3 did not score .*: it scored 3 of 15,625"):
        record.scores_of(np.array([absent]))
    with pytest.raises(
        InputError, match=r"scores have shape \(2,\): there must be one for each of 3"
    ):
        make_record(task=task, scores=np.zeros(2))


def test_a_record_of_another_space(make_record: MakeRecord) -> None:
    task = {"preset": "ci", "space": "macro", "scoring": {"candidates": [6_560, 7, 9]}}
    record = make_record(task=task, scores=np.array([1.0, 2.0, 3.0]))
    assert record.space is open_space("macro")
    assert record.codes.tolist() == [7, 9, 6_560]
    assert record.scores_of(np.array([6_560])).tolist() == [3]
    with pytest.raises(
        MissingError, match=r"^gm seed 3 did not score 00000011: it scored 3 of 6,561 arch"
    ):
        record.scores_of(np.array([4]))
    assert record.key != make_record(task={**task, "space": "nb201"}, scores=record.scores).key


def test_a_units_name_has_its_base_unless_that_is_the_default() -> None:
    units = [
        Unit("gm", "rsps", 3),
        Unit("gm", "darts", 10),
        Unit("gm", "darts", 2),
        Unit("a", None, 0),
    ]
    assert [unit.stem for unit in sorted(units)] == [
        "a-seed0",
        "gm-seed3",
        "gm-darts-seed2",
        "gm-darts-seed10",
    ]
    assert [str(unit) for unit in units[:2]] == ["gm seed 3", "gm-darts seed 10"]
