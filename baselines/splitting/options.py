"""How GM-NAS splits: which decisions may be split, into how many groups, and by what."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from baselines.splitting.gradient_distances import Decisions
from baselines.splitting.partition import check_exact
from baselines.tree.schedule import Restart, Schedule
from benchmark.errors import InputError
from benchmark.seeds import Streams
from benchmark.settings import Count, Fraction
from benchmark.spaces.base import JOINED, MOST_DRAWN, Choices, Space
from benchmark.spaces.subspaces.subspace import Subspace


@dataclass(frozen=True)
class SplittingOptions:
    """How GM-NAS splits; subclasses say whether groups follow gradients or are random."""

    warm_up: Fraction  # share of the budget that the undivided supernet gets first
    between: Fraction  # share for all supernets of each level that is split again
    # epochs of each supernet, level by level, the leaves' last, if the budget is ``schedule``; else
    # none
    epochs: tuple[Count, ...]
    # number of groups of each split, level by level
    groups: Annotated[tuple[Annotated[int, Meta(ge=2)], ...], Meta(min_length=1)]
    min_size: Count  # least number of options in a group
    batches: Count  # batches over which gradient distances are averaged at each split
    restart: Restart  # where children start from the initial weights instead of their parent's
    # which decisions may be split, by patterns of their names; those to be split together are
    # joined by " & "
    among: Annotated[tuple[str, ...], Meta(min_length=1)]
    # which decision is split: the one whose cut separates the most distance, a random one, or those
    # of ``decisions``
    decision: Literal["best", "random", "fixed"]
    # what to split at each level if ``decision`` is fixed, by name or number
    decisions: tuple[str | int, ...]
    # whether an option that is alone has weight 1 (hard) or keeps its weight in the mixture (soft)
    weight: Literal["hard", "soft"]
    cut: Literal["exact", "spectral"]  # try all partitions, or spectral clustering
    # greatest probability that matching, stopped early, decides otherwise than all batches would; 0
    # uses all
    stop_error: Annotated[float, Meta(ge=0, le=0.5)]

    def __post_init__(self) -> None:
        needed = self.levels if self.decision == "fixed" else 0
        if len(self.decisions) != needed or len(set(self.decisions)) < needed:
            raise InputError(
                f"decisions are {list(self.decisions)}: give {needed or 'none'}"
                f"{', all different' if needed > 1 else ''}, as decision is {self.decision!r} and "
                f"there are {self.levels} levels"
            )
        if self.stop_error and self.cut == "spectral":
            raise InputError(
                f"stop_error is {self.stop_error}: it needs the exact cut, so let cut be 'exact', "
                "or stop_error 0"
            )

    @property
    def levels(self) -> int:
        """Levels of splits."""
        return len(self.groups)

    @property
    def schedule(self) -> Schedule:
        """How training is divided among the levels."""
        return Schedule(self.warm_up, self.between, self.groups, self.restart, self.epochs)

    @property
    def draws_groups(self) -> bool:
        """Whether groups are drawn at random instead of following gradient distances."""
        return False

    @property
    def matches(self) -> bool:
        """Whether a split depends on gradient distances, so that they are measured and charged."""
        return True

    def candidates(self, space: Space) -> list[Decisions]:
        """Return what may be split in a space, in the order of its decisions."""
        found: set[Decisions] = set()
        for pattern in self.among:
            if JOINED in pattern:
                found.add(space.find(pattern))
                continue
            names = [decision.name for decision in space.decisions]
            wanted = pattern.replace("->", "→")
            matching = [(place,) for place, name in enumerate(names) if fnmatchcase(name, wanted)]
            if not matching:
                raise InputError(
                    f"among is {list(self.among)}: no decision of {space.title} is called "
                    f"{pattern!r}; they are {', '.join(names)}"
                )
            found.update(matching)
        return sorted(found)

    def at_level(self, subspace: Subspace, level: int) -> list[Decisions]:
        """Return what may be split in a supernet of a level.

        Decisions with an option that the supernet does not train, as none of the architectures that
        it scores takes it, are left out if there are others: a part might have nothing to score.
        """
        space = subspace.space
        if self.decision == "fixed":
            return [space.find(self.decisions[level])]
        found = [
            chosen
            for chosen in self.candidates(space)
            if not any(subspace.is_split(one) for one in chosen)
            and len(subspace.options(chosen)) >= self.groups[level]
        ]
        trained = [set(options) for options in _trained(subspace).T.tolist()]
        whole = [
            chosen
            for chosen in found
            if all(trained[one] >= set(subspace.allowed[one]) for one in chosen)
        ]
        return whole or found

    def check(self, space: Space) -> None:
        """Check that each level has something left to split, whatever was split above it."""
        whole = Subspace.whole(space)
        levels = [self.at_level(whole, level) for level in range(self.levels)]
        if self.decision == "fixed":
            split = [one for (chosen,) in levels for one in chosen]
            if len(set(split)) < len(split):
                raise InputError(f"decisions are {list(self.decisions)}: one would be split twice")
        for level, (choice, groups) in enumerate(zip(levels, self.groups, strict=True)):
            used = 0 if self.decision == "fixed" else level
            able = sum(len(whole.options(chosen)) >= groups for chosen in choice)
            if able <= used:
                raise InputError(
                    f"groups are {list(self.groups)}: of the decisions that may be split, {able} "
                    f"of {space.title} have {groups} options or more, too few for level "
                    f"{level + 1}; ask for fewer levels or groups, or split among more decisions"
                )
            for chosen in choice if self.matches else ():
                space.activated(np.zeros(len(space), np.int8), chosen)
                count = len(whole.options(chosen))
                if self.cut == "exact" and count >= groups:
                    check_exact(count, groups, self.min_size)

    def most_matched(self, space: Space, level: int) -> list[int]:
        """Return the options of the decisions that are matched at most to split a supernet."""
        if not self.matches:
            return []
        whole = Subspace.whole(space)
        found = self.at_level(whole, level)
        options = sorted((len(whole.options(one)) for one in found), reverse=True)
        if self.decision == "best":
            above = [self.at_level(whole, before) for before in range(level)]
            taken = sum(set(chosen) <= set(found) for chosen in above)  # one of these by each
            return options[: max(1, len(options) - taken)]
        return options[:1]


def _trained(subspace: Subspace) -> Choices:
    """Return choices [n, D] that a supernet trains: all, or a sample where they cannot be listed.

    The sample is the same at every call.
    """
    space = subspace.space
    if space.is_enumerable:
        return space.decode(space.pool(subspace))
    return subspace.draw(MOST_DRAWN, Streams(0).numpy("trained options"))
