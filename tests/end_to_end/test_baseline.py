"""Baselines: a tiny one made and checked; every night the committed one with today's code."""

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
from tests.command_line import ROOT, nasbench, tiny_preset

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


def test_the_same_runs_pass_and_other_runs_do_not(tmp_path: Path) -> None:
    preset = tiny_preset(tmp_path, budget="100")
    path, where = tmp_path / "b.json", ("--jobs", "1", "--seeds", SEEDS, "--preset", preset)
    for method in ("one-shot", "random"):
        ran = nasbench("run", "--method", method, "--out", tmp_path / method, *where)
        assert ran.code == 0, ran.err
    gates = ("--gate", "kendall_tau=0.02", "--gate", "best_of_top_10=0.5")
    made = nasbench("check", tmp_path / "one-shot", "--against", path, "--update", "--yes", *gates)
    assert made.out == (
        "Truth: cifar10_test_200 of table analog-nasbench, 15,625 architectures\n"
        f"{path}: one-shot (5 seeds)\n"
    )
    checked = nasbench("check", tmp_path / "one-shot", "--against", path)
    assert (checked.code, checked.out.splitlines()[-1]) == (0, "passed: 2 same of 2 gates")
    checked = nasbench("check", tmp_path / "random", "--against", path)
    assert (checked.code, "there is no run of one-shot" in checked.out) == (2, True)


@pytest.mark.nightly
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


@pytest.mark.nightly
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
