"""What the tests of tables share: five architectures, and records of given scores for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from benchmark.records import RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")

KEY = AccuracyKey("cifar10", "test", 200)
CODES = [25, 31, 4_000, 9_000, 15_624]
MakeRecord = Callable[..., RunRecord]


@pytest.fixture(scope="session")
def key() -> AccuracyKey:
    return KEY


@pytest.fixture(scope="session")
def five() -> TruthTable:
    """Return a table of five architectures, each one point better than the one before."""
    percent = {KEY: np.array([90.0, 91, 92, 93, 94])}
    seeds = {KEY: np.array([1, 3, 3, 2, 3], np.int16)}
    return TruthTable(
        "five", "made up", Source("-", "-"), np.array(CODES), percent, seeds, space=SPACE
    )


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    """Return a function that makes a record of scores of the five architectures."""

    def make(
        method: str,
        seed: int,
        scores: Sequence[float],
        *,
        spent: Sequence[int] = (30, 10, 60),
        task: dict[str, Any] | None = None,
        **changes: Any,
    ) -> RunRecord:
        everywhere = np.full(SPACE.size, 7.0)
        everywhere[CODES] = scores
        kinds = ("shared training", "gradient matching", "leaf training")
        parts = dict(zip(kinds, spent, strict=True))
        said: dict[str, Any] = {
            "task": {
                "preset": "ci",
                "space": "nb201",
                "scoring": {"batch_norm": "training"},
                **(task or {}),
            },
            "budget": {"budget": 1_000, "spent": sum(spent), "parts": parts, "scored": 2_500},
            "trace": {},
            "provenance": {"seconds": 90.0},
        }
        return RunRecord(method, seed, scores=everywhere, **(said | changes))

    return make
