from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.metrics.ranking import METRICS
from analysis.statistics.intervals import bootstrap_mean
from analysis.tables import evaluate, summarise_methods, to_csv
from benchmark.errors import InputError, MissingError
from benchmark.records import PROTOCOL, RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")

MakeRecord = Callable[..., RunRecord]


def test_a_partial_table_compares_only_what_it_has(
    key: AccuracyKey, make_record: MakeRecord
) -> None:
    generator = np.random.default_rng(0)
    codes = np.sort(generator.choice(SPACE.size, 60, replace=False))
    truth = {int(code): float(generator.uniform(10, 95)) for code in codes}
    table = TruthTable(
        "some", "-", Source("-", "-"), codes, {key: np.array([*truth.values()])}, space=SPACE
    )
    record = make_record("gm", 0, range(5))
    scores = generator.normal(size=SPACE.size)
    record = RunRecord("gm", 0, record.task, scores, record.budget, {}, {})
    row = evaluate([record], table, key).iloc[0]
    expected = stats.kendalltau([scores[code] for code in truth], [*truth.values()]).statistic
    assert row["kendall_tau"] == pytest.approx(expected, abs=1e-12)
    best = max(truth, key=lambda code: scores[code])
    assert row["predicted_best"] == pytest.approx(truth[best])
    assert row["architectures"] == 60


def test_a_row_says_what_and_against_what_and_at_what_cost(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    runs = evaluate([make_record("gm", 3, range(5))], five, key)
    (row,) = runs.to_dict("records")
    assert [row[name] for name in ("method", "seed", "table", "accuracy", "architectures")] == [
        "gm", 3, "five", "cifar10_test_200", 5,
    ]  # fmt: skip
    assert set(METRICS) < set(runs.columns)
    assert row["kendall_tau"] == pytest.approx(1)
    assert row["budget"] == 1_000
    assert row["spent"] == row["shared_training"] + row["gradient_matching"] + row["leaf_training"]
    assert [row["gradient_matching"], row["scored"], row["seconds"]] == [10, 2_500, 90]


def test_a_time_that_was_not_recorded_is_nan(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    records = [
        make_record("gm", 0, range(5), provenance={}),
        make_record("gm", 1, range(5), provenance={"seconds": None}),
    ]
    assert evaluate(records, five, key)["seconds"].isna().all()


def test_a_record_without_its_spending_is_refused(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    with pytest.raises(MissingError, match="gm seed 0 does not say its parts: run it again"):
        evaluate([make_record("gm", 0, range(5), budget={"budget": 3, "spent": 3})], five, key)


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ({}, {"seed": 0}, "gm seed 0 is given twice"),
        ({}, {"task": {"preset": "laptop"}}, "gm seed 0 and gm seed 1 differ in preset: compare"),
        ({}, {"task": {"extra": 1}, "method": "few-shot"}, "few-shot seed 1 differ in extra"),
        ({}, {"protocol": PROTOCOL + 1}, "differ in protocol"),
        ({"task": {"options": {"levels": 1}}}, {"task": {"options": {}}}, "differ in options"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(
    five: TruthTable,
    key: AccuracyKey,
    make_record: MakeRecord,
    one: dict[str, Any],
    other: dict[str, Any],
    message: str,
) -> None:
    runs = [
        make_record(**{"method": "gm", "seed": seed, "scores": range(5)} | changes)
        for seed, changes in enumerate((one, other))
    ]
    with pytest.raises(InputError, match=message):
        evaluate(runs, five, key)


def test_each_method_has_options_of_its_own(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    one_shot, gm = (
        make_record(name, 0, range(5), task={"options": options})
        for name, options in [("one-shot", {}), ("gm", {"levels": 2})]
    )
    assert len(evaluate([one_shot, gm], five, key)) == 2
    other = make_record("gm", 1, range(5), task={"options": {"levels": 3}})
    with pytest.raises(InputError, match="gm seed 0 and gm seed 1 differ in options"):
        evaluate([one_shot, gm, other], five, key)


def test_references_have_neither_search_nor_selection(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    """Methods that train supernets must agree in both, whatever the first record is."""
    searched: dict[str, Any] = {
        "search": {"base": "rsps", "drawn": 20},
        "selection": {"by": "local"},
    }
    params = make_record("params", 0, range(5))
    one_shot = make_record("one-shot", 0, range(5), task=searched)
    darts = make_record(
        "gm", 0, range(5), task={**searched, "search": {"base": "darts", "drawn": 20}}
    )
    assert len(evaluate([params, one_shot, darts], five, key)) == 3
    for part, other in {
        "search": {"base": "rsps", "drawn": 9},
        "selection": {"by": "random"},
    }.items():
        gm = make_record("gm", 0, range(5), task={**searched, part: other})
        with pytest.raises(InputError, match=f"one-shot seed 0 and gm seed 0 differ in {part}:"):
            evaluate([params, one_shot, gm], five, key)
    gm = make_record("gm", 0, range(5), task={"search": searched["search"]})
    with pytest.raises(InputError, match="one-shot seed 0 and gm seed 0 differ in selection:"):
        evaluate([params, one_shot, gm], five, key)


def test_no_records_are_an_error(five: TruthTable, key: AccuracyKey) -> None:
    with pytest.raises(InputError, match="no run records"):
        evaluate([], five, key)


@pytest.fixture
def runs(five: TruthTable, key: AccuracyKey, make_record: MakeRecord) -> pd.DataFrame:
    """Return nine runs of gm, which are resampled, and five of few-shot, which are enumerated."""
    generator = np.random.default_rng(0)
    records = [make_record("gm", seed, generator.normal(size=5)) for seed in range(9)]
    records += [make_record("few-shot", seed, generator.normal(size=5)) for seed in range(5)]
    return evaluate(records, five, key)


def test_summaries_are_those_of_each_methods_runs(runs: pd.DataFrame) -> None:
    summary = summarise_methods(runs, ["gm", "few-shot"])
    assert summary["method"].tolist() == ["gm", "few-shot"]
    assert summary["runs"].tolist() == [9, 5]
    for row in summary.to_dict("records"):
        of_method = runs[runs["method"] == row["method"]]
        for metric in METRICS:
            values = of_method[metric].tolist()
            if metric == "tau_top_10pct":  # of one architecture
                assert math.isnan(row[f"{metric}_mean"])
                continue
            assert row[f"{metric}_mean"] == pytest.approx(statistics.mean(values))
            assert row[f"{metric}_std"] == pytest.approx(statistics.stdev(values))
        interval = bootstrap_mean(of_method["kendall_tau"], generator=np.random.default_rng(0))
        assert (row["kendall_tau_low"], row["kendall_tau_high"]) == (interval.low, interval.high)


def test_a_row_does_not_depend_on_the_others(runs: pd.DataFrame) -> None:
    both = summarise_methods(runs, ["few-shot", "gm"])
    alone = summarise_methods(runs[runs["method"] == "gm"], ["gm"])
    pd.testing.assert_frame_equal(both.iloc[1:].reset_index(drop=True), alone, check_exact=True)


def test_one_run_has_no_spread(five: TruthTable, key: AccuracyKey, make_record: MakeRecord) -> None:
    runs = evaluate([make_record("gm", 0, range(5))], five, key)
    row = summarise_methods(runs, ["gm"]).iloc[0]
    assert row["kendall_tau_mean"] == pytest.approx(1)
    assert all(math.isnan(row[f"kendall_tau_{part}"]) for part in ("std", "low", "high"))


@pytest.mark.parametrize(
    ("order", "error", "message"),
    [
        (["gm"], InputError, "the order is gm: name each of few-shot, gm once"),
        (["gm", "gm", "few-shot"], InputError, "name each of"),
        (["gm", "few-shot", "snas"], MissingError, "no run of snas"),
    ],
)
def test_the_order_names_every_method(
    runs: pd.DataFrame, order: list[str], error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message):
        summarise_methods(runs, order)


def test_two_truths_are_not_averaged(runs: pd.DataFrame) -> None:
    mixed = pd.concat([runs, runs.assign(accuracy="cifar10_valid_12")])
    with pytest.raises(InputError, match="measured against 2 truths: summarise each"):
        summarise_methods(mixed, ["gm", "few-shot"])


def test_csv_keeps_every_digit(runs: pd.DataFrame) -> None:
    summary = summarise_methods(runs, ["gm", "few-shot"])
    rows = list(csv.DictReader(io.StringIO(to_csv(summary))))
    assert [float(row["kendall_tau_mean"]) for row in rows] == summary["kendall_tau_mean"].tolist()
    undefined = pd.DataFrame({"method": ["gm"], "kendall_tau_std": [math.nan]})
    assert to_csv(undefined) == "method,kendall_tau_std\ngm,\n"
