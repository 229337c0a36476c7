from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from baselines.selection.halving import Rung, by_test_oracle, successive_halving
from baselines.standalone.contest import Contest
from baselines.standalone.training import StandaloneTraining
from benchmark.errors import InputError
from tests.unit.baselines.standalone.tiny import ARCH, numbers, tiny, train

EPOCHS = 3
OTHERS = (5, 9000)


def test_a_pause_changes_no_bit() -> None:
    paused = StandaloneTraining(ARCH, 0, tiny(training__epochs=EPOCHS), Path())
    for epoch in range(1, EPOCHS + 1):
        paused.run(epoch)
        paused.run(epoch)
        assert [len(points) for points in paused.curve.values()] == [epoch, epoch]
    assert numbers(paused.finish()) == numbers(train(training__epochs=EPOCHS))


def test_the_best_after_each_rung_go_on() -> None:
    changes = {"training__epochs": EPOCHS, "evaluation__curve_images": 1000}
    alone = {code: train(code, **changes).curve for code in (ARCH, *OTHERS)}
    contest = Contest(tiny(**changes), 0, Path())
    candidates = np.array([*OTHERS, ARCH])
    for criterion, split in ((None, "valid"), (by_test_oracle, "test")):
        contest = Contest(tiny(**changes), 0, Path())
        extra = () if criterion is None else (criterion,)
        first, last = successive_halving(candidates, [Rung(1, 2), Rung(3, 1)], contest, *extra)
        for result, epoch in ((first, 0), (last, 2)):
            found = [alone[code][split][epoch] for code in result.codes.tolist()]
            assert result.scores.tolist() == found
        assert set(last.codes.tolist()) == set(first.kept.tolist())


def test_a_diverged_training_is_not_a_number() -> None:
    contest = Contest(tiny(training__learning_rate=1e30, training__gradient_norm=0.0), 0, Path())
    for epochs in (1, 2):
        curves = contest(ARCH, epochs)
        assert all(math.isnan(curves[split][-1]) for split in ("valid", "test"))


def test_contests_that_cannot_be() -> None:
    with pytest.raises(InputError, match="curve_images is 0: set it"):
        Contest(tiny(evaluation__curve_images=0), 0, Path())
    with pytest.raises(InputError, match="ends after 9 epochs, but the protocol has 2"):
        Contest(tiny(), 0, Path())(ARCH, 9)
