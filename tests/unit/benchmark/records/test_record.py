from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.records import PROTOCOL, RunRecord, digest
from benchmark.spaces.nb201 import SIZE

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


def test_the_key_tells_what_decides_the_scores(make_record: MakeRecord) -> None:
    record = make_record()
    key = record.key
    assert (key.preset, key.method, key.seed, key.protocol) == ("ci", "gm", 3, PROTOCOL)
    assert key.task == digest(record.task)
    same = make_record(trace={}, provenance={}, budget={}, scores=np.ones(SIZE))
    assert same.key == key
    others: list[dict[str, Any]] = [
        {"method": "one-shot"},
        {"seed": 4},
        {"protocol": PROTOCOL + 1},
        {"task": {"preset": "ci", "scale": {"channels": 4, "cells": 2}}},
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
        ("task", {"preset": 3}, 'task has no name: give it one as "preset"'),
        ("trace", [], "trace is a list: it must be a mapping"),
        ("trace", {"loss": np.nan}, "trace.loss is nan: a record holds finite numbers only"),
        ("budget", None, "budget is a NoneType: it must be a mapping"),
        ("scores", np.zeros(SIZE - 1), "scores have shape (15624,): there must be one for each"),
        ("scores", np.zeros((SIZE, 1)), "scores have shape (15625, 1): there must be one"),
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
