"""Verdicts on injected regressions, on unchanged runs, and on what cannot be compared."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.regression import Baseline, CheckResult, Verdict, judge
from analysis.statistics.permutation import joint_sign_flip_p
from analysis.tables import evaluate
from benchmark.records import PROTOCOL, RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")

MakeRuns = Callable[..., list[RunRecord]]
MakeBaseline = Callable[..., Baseline]
Check = Callable[..., CheckResult]

METHODS = ("few-shot", "gm", "one-shot")


@pytest.fixture
def check(make_baseline: MakeBaseline, table: TruthTable, key: AccuracyKey) -> Check:
    """Return a function that judges runs against earlier ones."""

    def run(
        before: Sequence[RunRecord],
        now: Sequence[RunRecord],
        damaged: dict[str, str] | None = None,
        **changes: Any,
    ) -> CheckResult:
        return judge(make_baseline(before, **changes), now, damaged or {}, table, key)

    return run


@pytest.fixture
def runs(make_runs: MakeRuns) -> list[RunRecord]:
    return [run for method in METHODS for run in make_runs(method)]


def verdicts(result: CheckResult) -> dict[str, str]:
    return {f"{one.method} {one.metric}": one.verdict.value for one in result.judgements}


def mean_tau(runs: Sequence[RunRecord], table: TruthTable, key: AccuracyKey) -> float:
    return float(evaluate(runs, table, key)["kendall_tau"].mean())


def spoilt(
    runs: list[RunRecord], loss: float, table: TruthTable, key: AccuracyKey
) -> list[RunRecord]:
    """Add noise to the scores until the mean tau is lower by the loss."""
    goal = mean_tau(runs, table, key) - loss

    def with_noise(size: float) -> list[RunRecord]:
        noise = [np.random.default_rng(run.seed).normal(0, size, SPACE.size) for run in runs]
        return [replace(r, scores=r.scores + n) for r, n in zip(runs, noise, strict=True)]

    low, high = 0.0, 50.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if mean_tau(with_noise(middle), table, key) < goal else (middle, high)
        )
    found = with_noise(low)
    assert mean_tau(found, table, key) == pytest.approx(goal, abs=0.002)
    return found


@pytest.mark.parametrize("others", ["unchanged", "rerun elsewhere"])
def test_a_lower_tau_is_worse(
    others: str,
    make_runs: MakeRuns,
    runs: list[RunRecord],
    check: Check,
    table: TruthTable,
    key: AccuracyKey,
) -> None:
    now = spoilt(make_runs("gm"), 0.05, table, key)
    for method in ("few-shot", "one-shot"):
        extra = 0.0 if others == "unchanged" else 0.1  # scores that differ a little
        now += make_runs(method, extra=extra)
    result = check(runs, now)
    found = verdicts(result)
    assert found.pop("gm kendall_tau") == "worse"
    found.pop("gm best_of_top_10")  # may suffer too
    assert set(found.values()) == {"same"}
    assert result.exit_code == 1
    (one,) = [j for j in result.judgements if (j.method, j.metric) == ("gm", "kendall_tau")]
    assert one.change == pytest.approx(-0.05, abs=0.002)
    assert one.p_value == 1 / 32


def test_a_higher_tau_is_better(check: Check, make_runs: MakeRuns) -> None:
    result = check(make_runs("gm", noise=6), make_runs("gm", noise=1), gates={
        "kendall_tau": 0.02, "regret": 0.01,
    })  # fmt: skip
    assert verdicts(result) == {"gm kendall_tau": "better", "gm regret": "better"}
    assert result.exit_code == 0


def test_more_regret_is_worse(check: Check, make_runs: MakeRuns) -> None:
    result = check(make_runs("gm", noise=0.01), make_runs("gm", noise=20), gates={
        "kendall_tau": 0.02, "regret": 0.5,
    })  # fmt: skip
    assert verdicts(result)["gm regret"] == "worse"
    change = result.judgements[1].change
    assert change is not None
    assert change > 0.5
    assert result.exit_code == 1


def test_the_same_runs_are_the_same(check: Check, runs: list[RunRecord]) -> None:
    result = check(runs, runs)
    assert set(verdicts(result).values()) == {"same"}
    assert {one.p_value for one in result.judgements} == {1.0}
    assert {one.change for one in result.judgements} == {0.0}
    assert result.exit_code == 0
    assert result.summary == "passed: 6 same of 6 gates"


def test_size_alone_is_not_enough(
    check: Check, make_runs: MakeRuns, table: TruthTable, key: AccuracyKey
) -> None:
    before = make_runs("gm")
    # one seed alone falls apart, the others are as they were
    now = [replace(before[0], scores=-before[0].scores), *before[1:]]
    result = check(before, now)
    assert set(verdicts(result).values()) == {"same"}
    tau = result.judgements[0]
    assert tau.change is not None
    assert tau.change < -0.1
    assert tau.p_value == 0.5
    assert tau.reason == "the loss is large, but not significant: p 0.5 > 0.05"


def test_significance_alone_is_not_enough(
    check: Check, make_runs: MakeRuns, table: TruthTable, key: AccuracyKey
) -> None:
    before = make_runs("gm")
    now = spoilt(before, 0.01, table, key)
    # tau fell in each seed
    gates = {"kendall_tau": 0.02, "regret": 50.0}
    taus = [evaluate(side, table, key)["kendall_tau"].to_numpy() for side in (before, now)]
    result = check(before, now, gates=gates)
    assert verdicts(result)["gm kendall_tau"] == "same"
    assert result.judgements[0].reason == "the loss is smaller than the gate"
    tighter = check(before, now, gates=gates | {"kendall_tau": 0.005})
    assert (tighter.judgements[0].verdict is Verdict.WORSE) == bool((taus[0] > taus[1]).all())


def test_a_drop_as_large_as_the_gate_counts(check: Check, make_runs: MakeRuns) -> None:
    before, now = make_runs("gm"), make_runs("gm", extra=3)
    change = check(before, now).judgements[0].change
    assert change is not None
    at = check(before, now, gates={"kendall_tau": -change, "regret": 50.0})
    above = check(before, now, gates={"kendall_tau": -change * 1.001, "regret": 50.0})
    assert at.judgements[0].verdict is Verdict.WORSE
    assert above.judgements[0].verdict is Verdict.SAME


def test_p_values_are_those_of_all_gates_together(
    check: Check, make_runs: MakeRuns, runs: list[RunRecord], table: TruthTable, key: AccuracyKey
) -> None:
    now = [run for method in METHODS for run in make_runs(method, stream=1, noise=2.3)]
    gates = {"kendall_tau": 0.02, "regret": 0.5}
    result = check(runs, now, gates=gates)
    old, new = (evaluate(side, table, key).groupby("method") for side in (runs, now))
    columns = []
    for method in METHODS:
        before, after = old.get_group(method), new.get_group(method)
        columns.append((before["kendall_tau"].to_numpy() - after["kendall_tau"].to_numpy()) / 0.02)
        columns.append((after["regret"].to_numpy() - before["regret"].to_numpy()) / 0.5)
    drops = np.column_stack(columns)
    losses, gains = (joint_sign_flip_p(s * drops, np.random.default_rng(0)) for s in (1, -1))
    expected = np.where(drops.mean(axis=0) >= 0, losses, gains)
    assert [one.p_value for one in result.judgements] == expected.tolist()


def test_more_seeds_than_the_baselines_are_not_looked_at(check: Check, make_runs: MakeRuns) -> None:
    now = [*make_runs("gm"), *make_runs("gm", [7], noise=50)]
    assert (
        check(make_runs("gm"), now).judgements == check(make_runs("gm"), make_runs("gm")).judgements
    )


def test_methods_may_have_other_seeds(check: Check, make_runs: MakeRuns) -> None:
    before = [*make_runs("gm", range(5)), *make_runs("one-shot", range(2, 9))]
    now = [*make_runs("gm", range(5)), *make_runs("one-shot", range(2, 9), noise=9)]
    result = check(before, now)
    assert [one.seeds for one in result.judgements] == [5, 5, 7, 7]
    assert result.judgements[2].verdict is Verdict.WORSE
    assert result.judgements[2].p_value == 1 / 128


def fault(result: CheckResult, method: str = "gm") -> tuple[str, str]:
    """Return the one verdict and reason that all gates of a method have; others are the same."""
    found = {(j.verdict.value, j.reason) for j in result.judgements if j.method == method}
    assert {j.verdict for j in result.judgements if j.method != method} <= {Verdict.SAME}
    assert {j.p_value for j in result.judgements if j.method == method} == {None}
    assert result.exit_code == 2
    (one,) = found
    return one


def test_what_is_missing_is_missing(check: Check, runs: list[RunRecord]) -> None:
    assert fault(check(runs, [r for r in runs if r.method != "gm"])) == (
        "missing", "there is no run of gm",
    )  # fmt: skip
    few = [r for r in runs if (r.method, r.seed) not in {("gm", 1), ("gm", 4)}]
    assert fault(check(runs, few)) == ("missing", "seed 1, 4 of gm was not run")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"protocol": 99}, f"seed 0 ran by protocol 99, the baseline's by {PROTOCOL}"),
        (
            {
                "task": {
                    "preset": "laptop",
                    "space": "nb201",
                    "training": {"budget": 100},
                    "options": {},
                }
            },
            "seed 0 ran preset laptop, the baseline's ci",
        ),
        (
            {
                "task": {
                    "preset": "ci",
                    "space": "nb201",
                    "training": {"budget": 90},
                    "options": {"among": ["*"]},
                }
            },
            "seed 0 ran another task: it differs in options, training",
        ),
    ],
)
def test_other_runs_are_incomparable(
    check: Check, runs: list[RunRecord], changes: dict[str, Any], reason: str
) -> None:
    now = [replace(r, **changes) if r.method == "gm" else r for r in runs]
    assert fault(check(runs, now)) == ("incomparable", reason)


def test_a_damaged_record_is_incomparable(check: Check, runs: list[RunRecord]) -> None:
    left = [r for r in runs if (r.method, r.seed) != ("gm", 2)]
    damaged = {"gm-seed2.json": "gm-seed2.json was cut off", "gm-seed9.json": "gm-seed9.json is x"}
    result = check(runs, left, damaged)
    assert fault(result) == ("incomparable", "a record cannot be read: gm-seed2.json was cut off")
    assert result.notes == ("ignored: gm-seed9.json is x",)


def test_an_undefined_metric_is_incomparable(check: Check, runs: list[RunRecord]) -> None:
    now = [
        replace(r, scores=np.ones(SPACE.size)) if r.method == "gm" and r.seed else r for r in runs
    ]
    assert fault(check(runs, now)) == ("incomparable", "Kendall τ-b is undefined in the runs")


def test_another_truth_is_incomparable(
    make_baseline: MakeBaseline, runs: list[RunRecord], table: TruthTable, key: AccuracyKey
) -> None:
    other = replace(table, source=Source("-", "def"))
    result = judge(make_baseline(runs), runs, {}, other, key)
    assert {j.reason for j in result.judgements} == {
        "the file of table small is not the baseline's"
    }
    renamed = judge(make_baseline(runs), runs, {}, replace(table, name="large"), key)
    assert {j.reason for j in renamed.judgements} == {
        "the baseline was measured by cifar10_test_200 of table small (200 architectures), "
        "not cifar10_test_200 of table large (200 architectures)"
    }
    assert (result.exit_code, renamed.exit_code) == (2, 2)


def test_worse_counts_even_where_something_is_missing(
    check: Check, make_runs: MakeRuns, runs: list[RunRecord]
) -> None:
    result = check(runs, [*make_runs("gm", noise=30), *make_runs("one-shot")])
    assert verdicts(result)["few-shot kendall_tau"] == "missing"
    assert verdicts(result)["gm kendall_tau"] == "worse"
    assert result.exit_code == 1


def test_notes(check: Check, make_runs: MakeRuns) -> None:
    provenance = {"device": "cuda:0", "dirty": False, "libraries": {"torch": "2.14.0"}}
    now = [*make_runs("gm", provenance=provenance), *make_runs("mine", [0])]
    assert check(make_runs("gm"), now).notes == (
        "not in the baseline, so not judged: mine",
        "apart from the code, the runs differ in device (cpu, now cuda:0), torch (2.13.0, "
        "now 2.14.0)",
    )


REPETITIONS = 200


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("gates", "least"),
    [
        # what a user has, and gates so small that significance alone holds the rate
        ({"kendall_tau": 0.02, "best_of_top_10": 0.5}, 0.0),
        ({"kendall_tau": 1e-6, "best_of_top_10": 1e-5}, 0.005),
    ],
    ids=["default gates", "no gates"],
)
def test_false_alarms(
    gates: dict[str, float],
    least: float,
    make_runs: MakeRuns,
    check: Check,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Draw both sides from the same runs, as two studies of an unchanged method would."""
    pool = {method: make_runs(method, range(40)) for method in ("gm", "one-shot")}
    draws = np.random.default_rng(0)

    def study() -> list[RunRecord]:
        return [
            replace(pool[method][int(pick)], seed=seed)
            for method in pool
            for seed, pick in enumerate(draws.integers(0, 40, 5))
        ]

    same = study()
    assert set(verdicts(check(same, same, gates=gates)).values()) == {"same"}
    alarms = 0
    for _ in range(REPETITIONS):
        once, again = study(), study()
        alarms += check(once, again, gates=gates).exit_code == 1
    rate = alarms / REPETITIONS
    with capsys.disabled():
        print(
            f"\nfalse alarms: {rate:.1%} of {REPETITIONS} checks, stated: at most 5 %",
            file=sys.stderr,
        )
    limit = stats.binom.ppf(0.999, REPETITIONS, 0.05) / REPETITIONS
    assert least <= rate <= limit


def test_a_check_made_twice_is_equal(check: Check, make_runs: MakeRuns) -> None:
    before, now = make_runs("gm", range(18)), make_runs("gm", range(18), stream=1)
    first, again = check(before, now), check(before, now)
    assert first == again
    assert not math.isnan(first.judgements[0].p_value or math.nan)
