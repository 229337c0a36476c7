"""The committed baseline: today's code against it, and what it would notice."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.regression import Baseline, judge, read_baseline
from benchmark.records import RunRecord
from benchmark.seeds import parse_seeds
from benchmark.spaces.nb201 import SIZE
from benchmark.truth import AccuracyKey, TruthTable, open_table
from tests.command_line import ROOT, nasbench

PATH = ROOT / "results" / "baselines" / "ci.json"
METHODS = ("one-shot", "gm")  # few-shot is the same tree; three would take too long
SEEDS = "5"


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return read_baseline(PATH)


@pytest.fixture(scope="module")
def truth(baseline: Baseline) -> TruthTable:
    return open_table(baseline.truth.table)


def test_it_holds_what_ci_runs(baseline: Baseline) -> None:
    assert {record.task["preset"] for record in baseline.records} == {"ci"}
    assert {method: tuple(runs) for method, runs in baseline.methods.items()} == dict.fromkeys(
        sorted(METHODS), parse_seeds(SEEDS)
    )
    assert not any(record.provenance["dirty"] for record in baseline.records)


@pytest.mark.slow
@pytest.mark.timeout(1_800)  # three minutes on two free cores
def test_no_method_ranks_worse_than_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    methods = [word for method in METHODS for word in ("--method", method)]
    start = time.monotonic()
    ran = nasbench("run", *methods, "--preset", "ci", "--seeds", SEEDS, "--out", tmp_path)
    assert ran.code == 0, ran.err
    checked = nasbench("check", tmp_path, "--against", PATH)
    with capsys.disabled():
        took = f"run and check took {time.monotonic() - start:.0f} s"
        print(f"\n{checked.out}\n{took}", file=sys.stderr)
    assert checked.code == 0, checked.out + checked.err


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_tau_lower_by_a_twentieth_is_noticed(
    baseline: Baseline, truth: TruthTable, method: str
) -> None:
    key = AccuracyKey.parse(baseline.truth.accuracy)
    accuracy = truth.accuracy(key)
    noise = [np.random.default_rng(seed).normal(size=SIZE) for seed in range(5)]
    old = list(baseline.methods[method].values())

    def noisy(size: float) -> list[RunRecord]:
        return [replace(r, scores=r.scores + size * n) for r, n in zip(old, noise, strict=True)]

    def tau(records: list[RunRecord]) -> float:
        scores = [record.scores[truth.codes] for record in records]
        return float(np.mean([stats.kendalltau(s, accuracy).statistic for s in scores]))

    low, high, goal = 0.0, float(SIZE), tau(old) - 0.05
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (low, middle) if tau(noisy(middle)) < goal else (middle, high)
    assert tau(noisy(high)) == pytest.approx(goal, abs=0.001)
    others = [record for record in baseline.records if record.method != method]
    result = judge(baseline, [*others, *noisy(high)], {}, truth, key)
    worse = {(one.method, one.metric) for one in result.judgements if one.verdict.value == "worse"}
    assert (method, "kendall_tau") in worse
    assert {found for found, _ in worse} == {method}
    assert result.exit_code == 1
