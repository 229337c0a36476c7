"""Shared by the tests of regression: a small truth, and runs with given noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from analysis.regression import Baseline, BaselineTruth
from benchmark.budget import Budget, Ledger
from benchmark.records import RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")

KEY = AccuracyKey("cifar10", "test", 200)
MakeRuns = Callable[..., list[RunRecord]]
MakeBaseline = Callable[..., Baseline]


@pytest.fixture(scope="session")
def key() -> AccuracyKey:
    return KEY


@pytest.fixture(scope="session")
def table() -> TruthTable:
    """Return a table of 200 architectures."""
    codes = np.sort(np.random.default_rng(0).choice(SPACE.size, 200, replace=False))
    percent = np.random.default_rng(1).normal(85, 3, codes.size)
    return TruthTable("small", "made up", Source("-", "abc"), codes, {KEY: percent}, space=SPACE)


@pytest.fixture(scope="session")
def make_runs(table: TruthTable) -> MakeRuns:
    """Return a function that makes runs of a method: the truth with noise for each seed."""

    def make(
        method: str,
        seeds: Sequence[int] = range(5),
        *,
        noise: float = 2.0,
        extra: float = 0.0,
        stream: int = 0,
        **changes: Any,
    ) -> list[RunRecord]:
        runs = []
        for seed in seeds:
            draws = np.random.default_rng([stream, seed, *method.encode()])
            scores = np.zeros(SPACE.size)
            scores[table.codes] = table.accuracy(KEY) + draws.normal(0, noise, len(table))
            scores[table.codes] += draws.normal(0, 1, len(table)) * extra
            said: dict[str, Any] = {
                "task": {
                    "preset": "ci",
                    "space": "nb201",
                    "training": {"budget": 100},
                    "options": {},
                },
                "budget": Ledger(Budget(100)).to_dict(),
                "trace": {"losses": [0.5]},
                "provenance": {"device": "cpu", "dirty": False, "libraries": {"torch": "2.13.0"}},
            }
            runs.append(RunRecord(method, seed, scores=scores, **(said | changes)))
        return runs

    return make


@pytest.fixture(scope="session")
def make_baseline(table: TruthTable) -> MakeBaseline:
    """Return a function that makes a baseline of runs."""

    def make(runs: Sequence[RunRecord], **changes: Any) -> Baseline:
        said: dict[str, Any] = {
            "truth": BaselineTruth.of(table, KEY),
            "gates": {"kendall_tau": 0.02, "best_of_top_10": 0.5},
            "alpha": 0.05,
        }
        return Baseline(tuple(runs), **(said | changes))

    return make
