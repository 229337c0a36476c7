"""Subspaces: the architectures that one sub-supernet holds.

A subspace is the product of the options that it allows for each decision; decisions that were
split jointly allow combinations of options. A split divides the options of one decision, or the
combinations of several, among subspaces, so the leaves of a tree of splits hold every architecture
exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import JOINED, Choices, Codes, Space

JointOption = tuple[int, ...]
"""One option for each of the decisions that are split together; mostly it is one decision."""


@dataclass(frozen=True)
class JointOptions:
    """The combinations of options that decisions allow which were split together."""

    decisions: tuple[int, ...]
    options: tuple[JointOption, ...]


@dataclass(frozen=True)
class Subspace:
    """All architectures with an allowed option of every decision.

    ``allowed`` holds for each decision the sorted indices of its options, at least one.
    """

    space: Space
    allowed: tuple[tuple[int, ...], ...]
    joint: tuple[JointOptions, ...] = ()

    def __post_init__(self) -> None:
        decisions = self.space.decisions
        if len(self.allowed) != len(decisions):
            raise InputError(
                f"a subspace of {self.space.name} has {len(decisions)} decisions, not "
                f"{len(self.allowed)}"
            )
        for decision, options in zip(decisions, self.allowed, strict=True):
            known = [index for index in range(len(decision.options)) if index in options]
            if not options or list(options) != known:
                raise InputError(
                    f"{decision.name} allows {options}: give one or more of 0 to "
                    f"{len(decision.options) - 1}, ascending, each once"
                )

    @classmethod
    def whole(cls, space: Space) -> Subspace:
        """Return the subspace that holds the whole space."""
        return cls(space, tuple(tuple(range(len(one.options))) for one in space.decisions))

    @property
    def size(self) -> int:
        """Number of architectures."""
        return self.space.count(self)

    def contains(self, codes: ArrayLike) -> NDArray[np.bool_]:
        """Return which of the codes [...] lie in this subspace, [...]."""
        return self.permits(self.space.decode(codes))

    def permits(self, choices: Choices) -> NDArray[np.bool_]:
        """Return which choices [..., D] are allowed, [...]."""
        table = np.zeros((len(self.space), int(self.space.n_options.max())), bool)
        for place, options in enumerate(self.allowed):
            table[place, list(options)] = True
        allowed = table[np.arange(len(self.space)), choices].all(axis=-1)
        for joint in self.joint:
            found = choices[..., joint.decisions][..., None, :] == np.array(joint.options)
            allowed &= found.all(axis=-1).any(axis=-1)
        return np.asarray(allowed)

    def codes(self) -> Codes:
        """Return the codes of this subspace in ascending order, if they can be enumerated."""
        codes = self.space.all_codes()
        return codes[self.contains(codes)]

    def pool(self) -> Codes:
        """Return the codes that its supernet trains, ascending, read-only."""
        return _pool(self)

    def draw(self, count: int, generator: np.random.Generator) -> Choices:
        """Draw choices [count, D] for its supernet to train, see `Space.draw`."""
        return self.space.draw(self, count, generator)

    def is_split(self, decision: int) -> bool:
        """Return whether this decision lacks an option, or a combination with others."""
        lacks = len(self.allowed[decision]) < len(self.space.decisions[decision].options)
        return lacks or any(decision in joint.decisions for joint in self.joint)

    def options(self, decisions: Sequence[int]) -> tuple[JointOption, ...]:
        """Return the options that one decision has here, or the combinations of several."""
        for joint in self.joint:
            if joint.decisions == tuple(decisions):
                return joint.options
        return tuple(product(*(self.allowed[decision] for decision in decisions)))

    def split(
        self, decisions: Sequence[int], groups: Sequence[Sequence[JointOption]]
    ) -> tuple[Subspace, ...]:
        """Return one subspace for each group, which allows only its options of the decisions."""
        chosen = tuple(decisions)
        names = " and ".join(self._name(decision) for decision in chosen)
        if not chosen or len(set(chosen)) < len(chosen):
            raise InputError(f"decisions {list(chosen)} are split together: give different ones")
        for joint in self.joint:
            if joint.decisions != chosen and set(joint.decisions) & set(chosen):
                raise InputError(f"{names} cannot be split: one was split with others before")
        given = sorted(tuple(option) for group in groups for option in group)
        if given != sorted(self.options(chosen)) or not all(groups):
            raise InputError(
                f"groups {[list(group) for group in groups]} do not divide the options "
                f"{list(self.options(chosen))} of {names}: put each into exactly one group"
            )
        return tuple(self._only(chosen, sorted(map(tuple, group))) for group in groups)

    def _only(self, decisions: tuple[int, ...], options: list[JointOption]) -> Subspace:
        allowed = list(self.allowed)
        for place, decision in enumerate(decisions):
            allowed[decision] = tuple(sorted({option[place] for option in options}))
        if len(decisions) == 1:
            return Subspace(self.space, tuple(allowed), self.joint)
        others = tuple(joint for joint in self.joint if joint.decisions != decisions)
        joint = JointOptions(decisions, tuple(options))
        return Subspace(self.space, tuple(allowed), (*others, joint))

    def names(self, decisions: Sequence[int], option: JointOption) -> str:
        """Return the name of an option of decisions, those of several joined."""
        pairs = zip(decisions, option, strict=True)
        return JOINED.join(self.space.decisions[place].options[index] for place, index in pairs)

    def to_lists(self) -> list[list[str]]:
        """Return the names of the allowed options, decision by decision, for a JSON trace."""
        return [
            [decision.options[index] for index in options]
            for decision, options in zip(self.space.decisions, self.allowed, strict=True)
        ]

    def _name(self, decision: int) -> str:
        if not 0 <= decision < len(self.space):
            raise InputError(
                f"decision {decision} is out of bounds: choose from 0 to {len(self.space) - 1}"
            )
        return self.space.decisions[decision].name


def owner(leaves: Sequence[Subspace], codes: ArrayLike) -> Codes:
    """Return the position of the leaf that holds each code [...], of all leaves of a tree."""
    held = np.stack([leaf.contains(codes) for leaf in leaves])
    holders = held.sum(axis=0)
    wrong = np.flatnonzero(holders != 1)
    if wrong.size:
        first = int(np.ravel(codes)[wrong[0]])
        raise InputError(
            f"{wrong.size} architectures are not in exactly one leaf, the first is code {first} "
            f"in {np.ravel(holders)[wrong[0]]}: give all leaves of one tree of splits"
        )
    return np.asarray(held.argmax(axis=0))


def scoring_leaves(leaves: Sequence[Subspace], codes: ArrayLike) -> Codes:
    """Return the `owner` of each architecture's canonical code, which scores it."""
    return owner(leaves, leaves[0].space.canonical(codes))


@cache
def _pool(subspace: Subspace) -> Codes:
    pool = subspace.space.pool(subspace)
    if not pool.size:
        raise InputError(
            f"no path carries a signal in {subspace.to_lists()}: split other decisions"
        )
    pool.flags.writeable = False
    return pool
