"""Successive halving: training candidates in rungs, after each of which the better ones go on.

[Jamieson & Talwalkar 2016, arXiv 1502.07943]. So GM-NAS compares the genotypes of its eight
sub-supernets: four go on after 30 epochs, two after 100. It does so by test accuracy, which no
search may see; here that is `by_test_oracle`, beside the honest `by_validation`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import Codes

Curves = Mapping[str, Sequence[float]]
"""Accuracy in percent after each epoch so far, by split: ``valid`` and ``test``."""

Train = Callable[[int, int], Curves]
"""Trains a code until it has had a number of epochs in all, continuing what it did before."""


@dataclass(frozen=True)
class Rung:
    """How many candidates go on after so many epochs."""

    epochs: int  # since the start of training
    keep: int  # candidates


@dataclass(frozen=True, eq=False)
class RungResult:
    """What a rung found."""

    epochs: int
    codes: Codes  # of the candidates that were trained until here, [n]
    scores: NDArray[np.float64]  # by which they were compared, [n], in percent
    kept: Codes  # those that go on, the best first


Criterion = Callable[[Curves], float]


def by_validation(curves: Curves, window: int = 1) -> float:
    """Return the mean validation accuracy of the last epochs, in percent."""
    return _mean_of_last(curves["valid"], window)


def by_test_oracle(curves: Curves, window: int = 1) -> float:
    """Return the mean test accuracy of the last epochs, in percent: the published choice.

    An oracle: candidates that are chosen by test accuracy must be reported as such.
    """
    return _mean_of_last(curves["test"], window)


GM_NAS_RUNGS = (Rung(30, 4), Rung(100, 2))
"""Those of skhu101/GM-NAS, ``WS-GM/sota/cnn``, for its eight candidates."""


def successive_halving(
    candidates: Codes,
    rungs: Sequence[Rung],
    train: Train,
    criterion: Criterion = by_validation,
) -> list[RungResult]:
    """Train candidates [n] in rungs, and return what each rung found.

    Those who go on are the best by ``criterion``, the earlier of equals; a training that diverged,
    whose accuracy is not a number, is last. The last rung's ``kept`` are the winners.

    Raises:
        InputError: Rungs do not ascend in epochs, or keep more candidates than there are.

    Example:
        >>> halves = [Rung(1, 2), Rung(2, 1)]
        >>> results = successive_halving(
        ...     np.array([5, 6, 7, 8]), halves, lambda code, epochs: {"valid": [code] * epochs}
        ... )
        >>> [result.kept.tolist() for result in results]
        [[8, 7], [8]]
    """
    _check(candidates, rungs)
    left, results = candidates, []
    for rung in rungs:
        found = [criterion(train(code, rung.epochs)) for code in left.tolist()]
        scores = np.array(found, np.float64)
        order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
        kept = left[order[: rung.keep]]
        results.append(RungResult(rung.epochs, left, scores, kept))
        left = kept
    return results


def halved_rungs(candidates: int, first: int, *, factor: int = 2) -> tuple[Rung, ...]:
    """Return rungs that keep one in ``factor``, each with as many times the epochs, down to one.

    Example:
        >>> halved_rungs(8, 10)
        (Rung(epochs=10, keep=4), Rung(epochs=20, keep=2), Rung(epochs=40, keep=1))
    """
    if candidates < 2 or first < 1 or factor < 2:
        raise InputError(
            f"{candidates} candidates, {first} epochs, factor {factor}: give 2 or more candidates, "
            "1 or more epochs and a factor of 2 or more"
        )
    rungs, left, epochs = [], candidates, first
    while left > 1:
        left = max(1, left // factor)
        rungs.append(Rung(epochs, left))
        epochs *= factor
    return tuple(rungs)


def _mean_of_last(accuracies: Sequence[float], window: int) -> float:
    if window < 1 or not len(accuracies):
        raise InputError(f"a mean of {window} of {len(accuracies)} epochs: both must be 1 or more")
    return float(np.mean(accuracies[-window:]))


def _check(candidates: Codes, rungs: Sequence[Rung]) -> None:
    if len(np.unique(candidates)) < max(1, len(candidates)):
        raise InputError("candidates are none, or one comes twice: give each once")
    if not rungs:
        raise InputError("there is no rung: give one or more")
    left, epochs = len(candidates), 0
    for rung in rungs:
        if rung.epochs <= epochs:
            raise InputError(
                f"a rung ends after {rung.epochs} epochs: give more than {epochs}, as rungs ascend"
            )
        if not 1 <= rung.keep <= left:
            raise InputError(
                f"{rung.keep} of {left} candidates shall go on after {rung.epochs} epochs: "
                f"give 1 to {left}"
            )
        left, epochs = rung.keep, rung.epochs
