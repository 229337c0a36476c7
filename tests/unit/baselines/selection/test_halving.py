from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.selection.halving import (
    GM_NAS_RUNGS,
    Curves,
    Rung,
    by_test_oracle,
    by_validation,
    halved_rungs,
    successive_halving,
)
from benchmark.errors import InputError


class Trainer:
    """Gives drawn accuracies, and notes which candidate was trained until when."""

    def __init__(self, seed: int, candidates: int, epochs: int) -> None:
        generator = np.random.default_rng(seed)
        self.valid, self.test = generator.integers(90, 95, (2, candidates, epochs)).astype(float)
        self.trained: list[tuple[int, int]] = []

    def __call__(self, code: int, epochs: int) -> Curves:
        self.trained.append((code, epochs))
        return {
            "valid": self.valid[code, :epochs].tolist(),
            "test": self.test[code, :epochs].tolist(),
        }


@given(st.integers(0, 500), st.integers(1, 3))
def test_the_better_ones_go_on(seed: int, window: int) -> None:
    trainer = Trainer(seed, 8, 6)
    rungs = [Rung(2, 5), Rung(3, 2), Rung(6, 1)]
    for split, criterion in {"valid": by_validation, "test": by_test_oracle}.items():
        trainer.trained.clear()
        results = successive_halving(
            np.arange(8), rungs, trainer, partial(criterion, window=window)
        )
        left = list(range(8))
        calls = []
        for rung, result in zip(rungs, results, strict=True):
            calls += [(code, rung.epochs) for code in left]
            curve = getattr(trainer, split)[:, max(0, rung.epochs - window) : rung.epochs]
            scores = {code: curve[code].sum() / curve.shape[1] for code in left}
            assert result.codes.tolist() == left
            np.testing.assert_allclose(result.scores, [scores[code] for code in left])
            left = sorted(left, key=lambda code: -scores[code])[: rung.keep]  # keeps the order
            assert result.kept.tolist() == left
        assert trainer.trained == calls


def test_a_diverged_training_is_last() -> None:
    accuracies = {0: math.nan, 1: 10.0, 2: math.nan, 3: 0.0}
    (result,) = successive_halving(
        np.array([0, 1, 2, 3]), [Rung(1, 3)], lambda code, epochs: {"valid": [accuracies[code]]}
    )
    assert result.kept.tolist() == [1, 3, 0]


def test_the_published_rungs() -> None:
    trainer = Trainer(0, 8, 100)
    results = successive_halving(np.arange(8), GM_NAS_RUNGS, trainer, by_test_oracle)
    assert [len(result.kept) for result in results] == [4, 2]
    assert len(trainer.trained) == 8 + 4


@pytest.mark.parametrize(
    ("candidates", "rungs", "message"),
    [
        ([], [Rung(1, 1)], "candidates are none"),
        ([3, 3], [Rung(1, 1)], "or one comes twice"),
        ([1, 2], [], "there is no rung"),
        ([1, 2], [Rung(0, 1)], "ends after 0 epochs"),
        ([1, 2], [Rung(2, 1), Rung(2, 1)], "ends after 2 epochs: give more than 2"),
        ([1, 2], [Rung(2, 3)], "3 of 2 candidates shall go on after 2 epochs: give 1 to 2"),
        ([1, 2], [Rung(2, 0)], "0 of 2 candidates"),
    ],
)
def test_rungs_that_cannot_be(candidates: list[int], rungs: list[Rung], message: str) -> None:
    with pytest.raises(InputError, match=message):
        successive_halving(np.array(candidates), rungs, Trainer(0, 4, 4))


def test_halving_by_factors() -> None:
    assert halved_rungs(7, 5, factor=3) == (Rung(5, 2), Rung(15, 1))
    with pytest.raises(InputError, match="1 candidates, 5 epochs, factor 2"):
        halved_rungs(1, 5)


def test_an_average_of_nothing() -> None:
    with pytest.raises(InputError, match="a mean of 0 of 1 epochs"):
        by_validation({"valid": [1.0]}, 0)
