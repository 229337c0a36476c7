"""What a table holds besides mean accuracies: deviations, losses, costs, numbers of each seed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.truth.keys import AccuracyKey, CostKey

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Agreement:
    """How well two trainings agree that differ only in their seed."""

    # Kendall's tau-b between the accuracies of two seeds: the mean over all pairs of seeds,
    # weighted by the number of architectures that have both
    tau: float
    architectures: int  # how many architectures have two seeds or more
    rho: float  # Spearman's rank correlation, averaged in the same way
    seeds: int | None = None  # number of seeds behind each mean; None if architectures differ in it


@dataclass(frozen=True, eq=False)
class BySeed:
    """The single trainings behind the means of an accuracy."""

    seeds: tuple[int, ...]  # seeds, ascending, each once
    accuracies: NDArray[np.float64]  # percent [n, seeds]; NaN where not trained
    losses: NDArray[np.float64]  # mean cross-entropies [n, seeds] on the same images, also with NaN

    def __post_init__(self) -> None:
        for name in ("accuracies", "losses"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))

    def rows(self, kept: NDArray[np.bool_]) -> BySeed:
        """Return the numbers of the architectures marked in ``kept`` [n]."""
        return BySeed(self.seeds, self.accuracies[kept], self.losses[kept])

    def fault(self, size: int) -> str | None:
        """Return why this does not fit a table of ``size`` architectures, or None if it does."""
        shape = (size, len(self.seeds))
        if not self.seeds or list(self.seeds) != sorted(set(self.seeds)):
            return "must have seeds, ascending and each once"
        if self.accuracies.shape != shape or self.losses.shape != shape:
            return f"must hold a number for each of the {size} architectures and {shape[1]} seeds"
        if np.any((self.accuracies < 0) | (self.accuracies > 100)):  # NaN passes
            return "must hold percentages"
        return None


@dataclass(frozen=True, eq=False)
class Measurements:
    """Numbers that only some sources have; a mapping is empty where the source has none.

    Example:
        >>> key = CostKey("params", "cifar10", 200)
        >>> Measurements(costs={key: np.array([0.129306])}).costs[key]
        array([0.129306])
    """

    # for each accuracy the standard deviations [n] over seeds in percentage points, with n - 1 in
    # the denominator; NaN for a single seed
    deviations: Mapping[AccuracyKey, NDArray[np.float64]] = field(default_factory=dict)
    # for each accuracy the mean cross-entropies [n] on the same images
    losses: Mapping[AccuracyKey, NDArray[np.float64]] = field(default_factory=dict)
    # for each cost the means [n] over seeds; NaN where it was not measured
    costs: Mapping[CostKey, NDArray[np.float64]] = field(default_factory=dict)
    # for each accuracy how well its seeds agree, if there are at least two
    agreement: Mapping[AccuracyKey, Agreement] = field(default_factory=dict)
    # for each accuracy the numbers of each seed
    by_seed: Mapping[AccuracyKey, BySeed] = field(default_factory=dict)
    # On which machine each training was done, int16 [n, seeds]: indices into the list of machines
    # in the table's protocol, for the seeds in it. None if it has none.
    made_on: NDArray[np.int16] | None = None

    def __post_init__(self) -> None:
        for name in ("deviations", "losses", "costs"):
            columns = getattr(self, name)
            kept = {key: read_only(columns[key], np.float64) for key in sorted(columns)}
            object.__setattr__(self, name, kept)
        for name in ("agreement", "by_seed"):
            object.__setattr__(self, name, dict(sorted(getattr(self, name).items())))
        if self.made_on is not None:
            object.__setattr__(self, "made_on", read_only(self.made_on, np.int16))

    def rows(self, kept: NDArray[np.bool_]) -> Measurements:
        """Return the numbers of the architectures marked in ``kept`` [n].

        Agreement stays that of the whole table.
        """
        return Measurements(
            deviations={key: column[kept] for key, column in self.deviations.items()},
            losses={key: column[kept] for key, column in self.losses.items()},
            costs={key: column[kept] for key, column in self.costs.items()},
            agreement=self.agreement,
            by_seed={key: found.rows(kept) for key, found in self.by_seed.items()},
            made_on=None if self.made_on is None else self.made_on[kept],
        )

    def fault(self, size: int, accuracies: Collection[AccuracyKey]) -> str | None:
        """Return why this does not fit a table of this size and with these accuracies, or None."""
        for what, columns in (("deviation", self.deviations), ("loss", self.losses)):
            for key, column in columns.items():
                if key not in accuracies or column.shape != (size,):
                    return f"{what} of {key} must have one value for each mean of an accuracy"
        for cost, column in self.costs.items():
            if column.shape != (size,) or np.any(column < 0):  # NaN passes
                return f"{cost} must hold 0 or more for each of the {size} architectures"
        if not set(self.agreement) <= set(accuracies):
            return "agreement of seeds is given for an accuracy that is missing"
        for key, found in self.by_seed.items():
            fault = found.fault(size) if key in accuracies else "belong to no accuracy"
            if fault:
                return f"numbers by seed of {key} {fault}"
        if self.made_on is not None and (self.made_on.ndim != 2 or len(self.made_on) != size):
            return f"machines must be given for each of the {size} architectures"
        return None


def group_means(groups: NDArray[np.int64], *columns: ArrayLike) -> list[NDArray[np.float64]]:
    """Return the means [k] of each column [n] over the rows of each of k groups, given for n rows.

    Groups are in ascending order. Where all numbers of a group are equal, so is exactly their mean.

    Example:
        >>> group_means(np.array([7, 3, 7]), [1.0, 2.0, 4.0])
        [array([2. , 2.5])]
    """
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    counts = np.diff(starts, append=len(groups))
    means = []
    for column in columns:
        values = np.asarray(column, np.float64)[order]
        lowest, highest = (each.reduceat(values, starts) for each in (np.minimum, np.maximum))
        # rounding of a mean of equal numbers would break ties with other groups
        means.append(np.where(lowest == highest, lowest, np.add.reduceat(values, starts) / counts))
    return means


def read_only(values: ArrayLike, kind: type[Scalar]) -> NDArray[Scalar]:
    """Return ``values`` as a read-only array; only an array that is writable is copied."""
    array = np.asarray(values, kind)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array
