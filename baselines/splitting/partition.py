"""How the options of a decision are grouped, and which is split (GM-NAS, section 3).

Options are positions 0 to n-1. A partition is better the more distance it *separates*, which is
the minimum cut of the graph of similarities. Sums that differ by rounding alone count as equal, and
the first of equals is taken: in the order of `set_partitions`, or the first decision.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError

Groups: TypeAlias = tuple[tuple[int, ...], ...]  # each group sorted, groups by first member

MOST_LISTED = 100_000  # partitions that are tried, or listed to draw one
ROUNDING = 1e-9  # relative to the numbers compared, absolute where they are below 1


@dataclass(frozen=True)
class Partition:
    """Groups of n options, and the sums of distances over pairs across and inside groups."""

    groups: Groups
    separated: float
    inside: float


def best_partition(distances: ArrayLike, groups: int = 2, min_size: int = 2) -> Partition:
    """Return the partition that separates the most distance, by trying every one (section 3).

    Args:
        distances: non-negative, symmetric, with a zero diagonal, each up to rounding; [n, n].
        groups: number of groups, 2 to n.
        min_size: least size of a group; where n options cannot fill such groups, the largest
            size that they can fill, n // groups, takes its place.

    Returns:
        The partition; among equals the first in the order of `set_partitions`.

    Example:
        >>> best_partition([[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 2], [9, 9, 2, 0]])
        Partition(groups=((0, 1), (2, 3)), separated=36.0, inside=3.0)
    """
    matrix = checked_distances(distances)
    options = set_partitions(len(matrix), groups, min_size)
    check_exact(len(matrix), groups, min_size)
    partitions = [measured_partition(matrix, sets) for sets in options]
    return partitions[_first_of_best([partition.separated for partition in partitions])]


def check_exact(n: int, groups: int, min_size: int) -> None:
    """Check that the partitions of n options are few enough to try every one."""
    count = count_partitions(n, groups, min_size)
    if count > MOST_LISTED:
        raise InputError(
            f"{n} options have {count:.3g} partitions into {groups} groups, too many to try each: "
            'let cut be "spectral", or split other decisions'
        )


def best_decision(partitions: Mapping[tuple[int, ...], Partition]) -> tuple[int, ...]:
    """Return the decisions whose partition separates the most distance, the first of equals."""
    if not partitions:
        raise InputError("no decision is left to split: ask for fewer levels of splits")
    order = sorted(partitions)
    return order[_first_of_best([partitions[one].separated for one in order])]


def random_partition(n: int, groups: int, min_size: int, generator: np.random.Generator) -> Groups:
    """Return one of `set_partitions`, each with the same probability: the paper's control."""
    options = set_partitions(n, groups, min_size)
    least = min(min_size, n // groups)
    if _count(n, groups, least) <= MOST_LISTED:
        listed = list(options)
        return listed[int(generator.integers(len(listed)))]
    return tuple(_drawn(list(range(n)), groups, least, generator))


def count_partitions(n: int, groups: int, min_size: int) -> int:
    """Return the number of `set_partitions`.

    Example:
        >>> count_partitions(5, 2, 2), count_partitions(25, 2, 1)
        (10, 16777215)
    """
    return _count(n, groups, min(min_size, n // groups))


@cache
def _count(n: int, groups: int, least: int) -> int:
    """Return the number of partitions into groups of ``least`` members or more."""
    if groups == 0:
        return int(n == 0)
    return sum(_with_first(n, groups, least, size) for size in range(least, n + 1))


def _with_first(n: int, groups: int, least: int, size: int) -> int:
    """Return how many of them have a first group, that of the first position, of some size."""
    return math.comb(n - 1, size - 1) * _count(n - size, groups - 1, least)


def _drawn(
    left: list[int], groups: int, least: int, generator: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    """Yield the groups of a partition drawn uniformly: a first group, then those of the others."""
    n = len(left)
    if groups == 0:
        return
    ways = [_with_first(n, groups, least, size) for size in range(least, n + 1)]
    size = least + int(generator.choice(len(ways), p=np.array(ways, float) / sum(ways)))
    companions = generator.choice(n - 1, size - 1, replace=False)
    first = sorted([0, *(1 + companions).tolist()])
    yield tuple(left[place] for place in first)
    rest = [position for place, position in enumerate(left) if place not in first]
    yield from _drawn(rest, groups - 1, least, generator)


def set_partitions(n: int, groups: int, min_size: int = 1) -> Iterator[Groups]:
    """Iterate over the partitions of n positions into groups, as restricted growth strings ascend.

    The least size of a group is lowered to n // groups where n is too small for it.
    """
    if not 2 <= groups <= n:
        raise InputError(f"{groups} groups of {n} options: choose 2 to {n} groups")
    if min_size < 1:
        raise InputError(f"min_size is {min_size}: choose 1 or more, groups are not empty")
    return _completions((), n, groups, min(min_size, n // groups))


def _completions(partial: Groups, left: int, groups: int, min_size: int) -> Iterator[Groups]:
    """Yield the partitions that extend ``partial`` by ``left`` positions."""
    missing = min_size * groups - sum(min(len(group), min_size) for group in partial)
    if missing > left:
        return
    if left == 0:
        yield partial
        return
    position = sum(map(len, partial))
    for label, group in enumerate((*partial, ())[:groups]):
        longer = (*partial[:label], (*group, position), *partial[label + 1 :])
        yield from _completions(longer, left - 1, groups, min_size)


def measured_partition(matrix: NDArray[np.float64], groups: Groups) -> Partition:
    """Return a grouping with the distance it keeps and separates, of a checked matrix [n, n]."""
    label = np.empty(len(matrix), np.int64)
    for number, group in enumerate(groups):
        label[list(group)] = number
    apart = label[:, None] != label
    pairs = np.triu(matrix, 1)
    return Partition(groups, float(pairs[apart].sum()), float(pairs[~apart].sum()))


def checked_distances(distances: ArrayLike) -> NDArray[np.float64]:
    """Return distances [n, n] as float64 with the rounding below zero removed."""
    matrix = np.asarray(distances, dtype=np.float64)
    if matrix.ndim != 2 or len(matrix) != matrix.shape[1]:
        raise InputError(f"distances have shape {matrix.shape}: give a square matrix")
    if not np.isfinite(matrix).all():
        raise InputError("a distance is not finite: the gradients it comes from have diverged")
    noise = ROUNDING * max(1.0, float(np.max(matrix, initial=0.0)))
    for fault, size in (
        ("negative", -matrix),
        ("not symmetric", np.abs(matrix - matrix.T)),
        ("not zero on the diagonal", np.abs(np.diag(matrix))),
    ):
        worst = float(np.max(size, initial=0.0))
        if worst > noise:
            raise InputError(f"distances are {fault} by {worst:.3g}: at most {noise:.1g} passes")
    return np.maximum(matrix, 0.0)


def _first_of_best(values: Sequence[float]) -> int:
    """Return the first position whose value is the greatest, up to rounding."""
    best = max(values)
    least = best - ROUNDING * max(1.0, best)
    return next(position for position, value in enumerate(values) if value >= least)
