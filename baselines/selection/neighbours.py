"""Architectures that differ in one decision, in any space.

A decision that is changed but does not matter is made to, see `Space.activated`; in DARTS's space
an edge that is not kept replaces another one then. So every architecture can be reached from every
other.
"""

import numpy as np
from numpy.typing import NDArray

from baselines.selection.evaluations import inside
from benchmark.spaces.base import Choices, Codes, Space
from benchmark.spaces.subspaces.subspace import Subspace

MOST_TRIES = 1000  # to mutate an architecture


def mutated(subspace: Subspace, code: int, generator: np.random.Generator) -> int | None:
    """Return an architecture that differs in one decision, drawn uniformly, and one option of it.

    Options of decisions that do not matter in the architecture are drawn first, so that one which
    comes to matter has any of them. None is returned if nothing else can be reached.
    """
    space = subspace.space
    choices = space.decode(code)
    free = np.flatnonzero(without_effect(subspace, choices))
    open_ = [place for place, allowed in enumerate(subspace.allowed) if len(allowed) > 1]
    if not open_:
        return None
    for _ in range(MOST_TRIES):
        changed = choices.copy()
        for place in free:
            allowed = subspace.allowed[place]
            changed[place] = allowed[generator.integers(len(allowed))]
        decision = open_[generator.integers(len(open_))]
        others = [one for one in subspace.allowed[decision] if one != changed[decision]]
        changed[decision] = others[generator.integers(len(others))]
        found = inside(subspace, _mattering(space, changed, int(decision))[None])
        if found.size and found[0] != code:
            return int(found[0])
    return None


def neighbours(subspace: Subspace, code: int) -> Codes:
    """Return the codes [n] of all architectures that differ in one decision, ascending.

    Decisions that come to matter keep the options that `Space.decode` gives them.

    Example:
        >>> from benchmark.spaces.registry import open_space
        >>> whole = Subspace.whole(open_space("darts"))
        >>> len(neighbours(whole, 0))  # 16 · 6 on kept edges, 12 · 7 on others, 20 pairs of inputs
        200
    """
    space = subspace.space
    choices = space.decode(code)
    changed = []
    for decision, allowed in enumerate(subspace.allowed):
        for option in allowed:
            one = choices.copy()
            one[decision] = option
            changed.append(_mattering(space, one, decision))
    found = np.unique(inside(subspace, np.array(changed)))
    return np.asarray(found[found != code])


def _mattering(space: Space, choices: Choices, decision: int) -> Choices:
    """Return choices [D] in which a decision matters, as they are if it does."""
    return choices if space.active(choices)[decision] else space.activated(choices, [decision])


def without_effect(subspace: Subspace, choices: Choices) -> NDArray[np.bool_]:
    """Return which decisions [D] of choices [D] could have any option and be the same function."""
    space = subspace.space
    sizes = [len(allowed) for allowed in subspace.allowed]
    changed = np.repeat(choices[None], sum(sizes), axis=0)
    changed[np.arange(sum(sizes)), np.repeat(np.arange(len(space)), sizes)] = np.concatenate(
        subspace.allowed
    )
    same = space.canonical(space.encode(changed)) == space.canonical(space.encode(choices))
    return np.logical_and.reduceat(same, np.cumsum([0, *sizes[:-1]]))
