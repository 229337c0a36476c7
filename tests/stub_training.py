"""Stands for training architectures alone, where a test is about what is made of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from baselines.standalone import TrainingResult
from benchmark.app.building import training
from benchmark.app.building.journal import TrainingKey


def stub_training(
    patch: pytest.MonkeyPatch, invent: Callable[..., TrainingResult]
) -> list[TrainingKey]:
    """Invent instead of training; return what is asked for, as it is asked."""
    asked: list[TrainingKey] = []

    def train(code: int, seed: int, *_: object) -> TrainingResult:
        asked.append(TrainingKey(code, seed))
        return invent(code, seed)

    patch.setattr(training, "train_standalone", train)
    return asked
