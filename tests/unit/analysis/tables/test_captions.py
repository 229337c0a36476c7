from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tables import comparison_context
from analysis.tables.captions import ranges
from benchmark.records import RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, TruthTable

SPACE = open_space("nb201")

MakeRecord = Callable[..., RunRecord]


def test_the_lines(five: TruthTable, key: AccuracyKey, make_record: MakeRecord) -> None:
    records = [make_record(name, seed, range(5)) for name in ("gm", "snas") for seed in (2, 0, 1)]
    context = comparison_context(records, five, key)
    assert context.truth_line == (
        "Truth: test accuracy, CIFAR-10, 200 epochs; table five: made up; "
        "trainings behind each: 1 to 3."
    )
    assert context.size_line == "Compared: 5 of 15,625 architectures."
    assert context.runs_line == (
        "Runs: preset ci; seeds 0–2; BatchNorm at scoring: statistics of training images."
    )
    (warning,) = context.warnings
    assert warning.startswith("Warning: only 5 architectures are compared; with fewer than 1,000")


def test_what_is_not_known_is_not_said(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    record = make_record("gm", 0, range(5), task={"scoring": {}})
    context = comparison_context([record], replace(five, seeds={}), key)
    assert context.truth_line.endswith("table five: made up.")
    assert context.runs_line == "Runs: preset ci; seeds 0."


def test_methods_with_other_seeds_are_named(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    units = [("gm", 0), ("gm", 1), ("params", 0), ("few-shot", 0), ("few-shot", 1)]
    context = comparison_context([make_record(*unit, range(5)) for unit in units], five, key)
    assert context.runs_line.startswith(
        "Runs: preset ci; seeds 0, 1 (gm, few-shot) and 0 (params); BatchNorm"
    )


@pytest.mark.parametrize(("size", "warned"), [(999, True), (1_000, False), (SPACE.size, False)])
def test_few_architectures_are_warned_of(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord, size: int, warned: bool
) -> None:
    context = comparison_context([make_record("gm", 0, range(5))], five, key)
    assert bool(replace(context, architectures=size).warnings) is warned


def test_the_whole_space_is_called_so(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    context = comparison_context([make_record("gm", 0, range(5))], five, key)
    assert (
        replace(context, architectures=SPACE.size).size_line
        == "Compared: all 15,625 architectures."
    )


def test_different_networks_are_counted_where_each_was_trained_once(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    runs = [make_record("gm", 0, range(5))]
    assert comparison_context(runs, five, key).networks is None
    built = replace(five, protocol={"seeds": [0]})
    context = comparison_context(runs, built, key)
    distinct = len({int(SPACE.network([code])[0]) for code in five.codes})
    assert context.size_line == (
        f"Compared: 5 of 15,625 architectures, {distinct} different networks."
    )


@given(st.lists(st.integers(0, 30), unique=True).map(sorted))
def test_ranges_name_every_number_once(numbers: list[int]) -> None:
    named: list[int] = []
    for part in filter(None, ranges(numbers).split(", ")):
        first, _, last = part.partition("–")
        named += range(int(first), int(last or first) + 1)
    assert named == numbers
