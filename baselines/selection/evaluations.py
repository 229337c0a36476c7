"""What searches over scores have in common: a count of evaluations, and what they found."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CheckError, InputError
from benchmark.spaces.base import Choices, Codes
from benchmark.spaces.subspaces.subspace import Subspace

Score = Callable[[Codes], NDArray[np.float64]]
"""Returns scores [n], higher is better, of canonical codes [n], which ascend."""

MOST_DRAWS = 10_000  # in a row that give no architecture to evaluate; then a search ends


class Found(NamedTuple):
    """The architectures that a search evaluated, in its order, each once."""

    codes: Codes  # canonical, [n]
    scores: NDArray[np.float64]  # [n]

    @property
    def best(self) -> int:
        """The code with the highest score, the first of equals."""
        return int(self.codes[self.scores.argmax()])


class Evaluations:
    """Evaluates architectures by a score until a number of them is reached.

    Each function counts once: codes must be canonical, and a known one costs nothing.
    """

    def __init__(self, subspace: Subspace, score: Score, most: int) -> None:
        if most < 1:
            raise InputError(f"a search has {most} evaluations: give 1 or more")
        self.subspace = subspace
        self.most = most
        self._score = score
        self._scores: dict[int, float] = {}  # in the order of their evaluation

    @property
    def left(self) -> int:
        """Number of evaluations that are left."""
        return self.most - len(self._scores)

    def __contains__(self, code: int) -> bool:
        return code in self._scores

    def of(self, codes: Codes) -> NDArray[np.float64]:
        """Return the scores [n] of codes [n], evaluating those that are new, in their order.

        If too few evaluations are left for all, the last ones get minus infinity.

        Raises:
            CheckError: A score is not a number.
        """
        wanted = codes.tolist()
        new = [code for code in dict.fromkeys(wanted) if code not in self._scores][: self.left]
        if new:
            found = dict(zip(sorted(new), self._score(np.array(sorted(new))).tolist(), strict=True))
            if any(np.isnan(score) for score in found.values()):
                raise CheckError("an architecture has no score: it is not a number")
            self._scores.update({code: found[code] for code in new})
        return np.array([self._scores.get(code, -np.inf) for code in wanted])

    def draw(self, count: int, generator: np.random.Generator) -> Codes:
        """Draw up to ``count`` different new codes of the subspace, in random order.

        Fewer are returned if drawing finds no more; none if other subspaces hold the canonical
        codes of all.
        """
        drawn: dict[int, None] = {}
        fruitless = 0
        while len(drawn) < count and fruitless < MOST_DRAWS:
            before = len(drawn)
            tries = MOST_DRAWS if fruitless else max(count, 64)
            codes = inside(self.subspace, self.subspace.draw(tries, generator))
            drawn.update(dict.fromkeys(code for code in codes.tolist() if code not in self))
            fruitless = 0 if len(drawn) > before else fruitless + tries
        return np.array(list(drawn)[:count], np.int64)

    @property
    def found(self) -> Found:
        """What was evaluated so far."""
        return Found(np.array(list(self._scores), np.int64), np.array(list(self._scores.values())))


def inside(subspace: Subspace, choices: Choices) -> Codes:
    """Return the canonical codes of choices [n, D], without those that other subspaces hold."""
    space = subspace.space
    codes = space.canonical(space.encode(choices))
    return codes[subspace.contains(codes) & space.works(codes)]
