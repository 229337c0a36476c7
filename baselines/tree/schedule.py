"""How many steps each supernet of a tree gets: shares of one budget, or epochs of its own.

Shares make methods comparable: all spend the same budget, gradient matching included. Epochs are
what the papers state: a run costs what its schedule costs, which differs from method to method.
"""

import math
import operator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from benchmark.budget import Spending
from benchmark.errors import InputError

Restart = Literal["never", "always", "last"]


@dataclass(frozen=True)
class Schedule:
    """How training is divided among the levels of a tree."""

    warm_up: float  # share of the budget for the undivided supernet
    between: float  # share for all supernets of a level that is split again
    groups: tuple[int, ...]  # branching factor of each level
    restart: Restart = "never"  # where children start from the initial weights
    epochs: tuple[int, ...] = ()  # of each supernet, level by level; empty for shares
    # with epochs, what a cosine of the learning rate covers: the whole ``lineage``, or the training
    # of ``each`` supernet
    anneals: Literal["lineage", "each"] = "lineage"

    @property
    def freezes(self) -> bool:
        """Whether architecture parameters stay fixed above the leaves, which restart theirs."""
        return self.restart != "never"

    @property
    def supernets(self) -> list[int]:
        """Number of supernets of each level, the leaves' last."""
        return [math.prod(self.groups[:level]) for level in range(len(self.groups) + 1)]


@dataclass(frozen=True)
class Workload:
    """What a schedule is planned for."""

    train_images: int  # training images, which make an epoch
    batch_size: int  # images in a batch
    passes: int  # batches that a step passes, see `Base.passes`
    matching: tuple[int, ...]  # for each level, the most batches that one split passes
    budget: int | None  # images that may be passed; None if the schedule determines the cost


@dataclass(frozen=True)
class Level:
    """The plan for all supernets of a level: steps of all together, and epochs of each.

    The steps pass ``images``, and splitting the supernets passes at most ``matching`` images.
    """

    supernets: int
    steps: int
    epochs: float
    images: int
    matching: int


@dataclass(frozen=True)
class Plan:
    """What a run will do, level by level, the leaves last, and the images that it may pass.

    It is ``equal`` if it spends a given budget instead of what its schedule costs.
    """

    equal: bool
    levels: tuple[Level, ...]
    budget: int

    @property
    def parts(self) -> dict[Spending, int]:
        """Images by part: at most for gradient matching, with a budget at least for leaves."""
        root, *others = self.levels
        return {
            Spending.SHARED_TRAINING: root.images,
            Spending.GRADIENT_MATCHING: sum(level.matching for level in self.levels),
            Spending.LEAF_TRAINING: sum(level.images for level in others),
        }

    @property
    def supernet_epochs(self) -> float:
        """Epochs of all supernets together."""
        return sum(level.supernets * level.epochs for level in self.levels)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return asdict(self) | {"levels": [asdict(level) for level in self.levels]}


def plan_schedule(schedule: Schedule, workload: Workload) -> Plan:
    """Return what a schedule does, before anything is run.

    Example:
        >>> gm = Schedule(0, 0, (2, 2), "last", epochs=(20, 20, 50))
        >>> plan = plan_schedule(gm, Workload(25_000, 50, 1, (2500, 2100), budget=None))
        >>> [level.supernets for level in plan.levels], plan.supernet_epochs
        ([1, 2, 4], 260.0)
        >>> plan.budget == 260 * 25_000 + 50 * (2500 + 2 * 2100)
        True
    """
    _check(schedule, workload)
    supernets = schedule.supernets
    above = 1 if schedule.freezes else workload.passes
    passes = [above] * len(schedule.groups) + [workload.passes]
    costs = [workload.batch_size * own for own in passes]  # images of a step
    matching = [
        number * passes * workload.batch_size
        for number, passes in zip(supernets, (*workload.matching, 0), strict=True)
    ]
    if workload.budget is None:
        each = [
            -(-epochs * workload.train_images // workload.batch_size) for epochs in schedule.epochs
        ]
        steps = [number * own for number, own in zip(supernets, each, strict=True)]
        budget = sum(map(operator.mul, steps, costs)) + sum(matching)
    else:
        budget = workload.budget
        shares = [schedule.warm_up, *[schedule.between] * (len(schedule.groups) - 1)]
        steps = [
            round(share * (budget // cost))
            for share, cost in zip(shares[: len(schedule.groups)], costs, strict=False)
        ]
        left = budget - sum(map(operator.mul, steps, costs)) - sum(matching)
        steps.append(_leaf_steps(budget, left, supernets[-1], costs[-1]))
    epoch = workload.train_images / workload.batch_size
    levels = tuple(
        Level(number, own, own / number / epoch, own * cost, matched)
        for number, own, cost, matched in zip(supernets, steps, costs, matching, strict=True)
    )
    return Plan(workload.budget is not None, levels, budget)


def _leaf_steps(budget: int, left: int, leaves: int, cost: int) -> int:
    """Return the steps that a number of images is enough for, at least one for each leaf."""
    if left < leaves * cost:
        raise InputError(
            f"{max(0, left):,} of {budget:,} images are left for the leaves after warm-up and all "
            f"gradient matching, but a step of each takes {leaves * cost:,}: raise the budget, or "
            "lower warm_up, between or batches"
        )
    return left // cost


def _check(schedule: Schedule, workload: Workload) -> None:
    levels = len(schedule.groups) + 1
    if workload.budget is None:
        if len(schedule.epochs) != levels:
            raise InputError(
                f'[training] budget is "schedule" and epochs are {list(schedule.epochs)}: give '
                f"the epochs of each supernet for {levels} levels"
            )
        if schedule.warm_up or schedule.between:
            raise InputError(
                '[training] budget is "schedule": set warm_up and between to 0, only epochs count'
            )
        return
    if schedule.epochs:
        raise InputError(
            f"[training] budget is {workload.budget:,} images and epochs are "
            f'{list(schedule.epochs)}: give no epochs, or set budget to "schedule"'
        )
    planned = schedule.warm_up + schedule.between * max(0, levels - 2)
    if schedule.groups and planned >= 1:
        raise InputError(
            f"warm_up and between take {planned:.0%} of the budget: leave some for the leaves"
        )
