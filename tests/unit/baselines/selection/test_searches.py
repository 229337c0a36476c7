from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from baselines.selection.evaluations import Found, Score
from baselines.selection.neighbours import neighbours
from baselines.selection.searches import (
    EvolutionSettings,
    local_search,
    random_search,
    regularised_evolution,
)
from benchmark.errors import CheckError, InputError
from benchmark.spaces.base import Codes
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace

DARTS, NB201 = open_space("darts"), open_space("nb201")
SMALL = EvolutionSettings(population=20, sample=5)


def evolution(
    subspace: Subspace, score: Score, evaluations: int, generator: np.random.Generator
) -> Found:
    return regularised_evolution(subspace, score, evaluations, generator, SMALL)


Search = Callable[[Subspace, Score, int, np.random.Generator], Found]
SEARCHES: list[Search] = [random_search, evolution, local_search]
each_search = pytest.mark.parametrize("search", SEARCHES)


class Hill:
    """Scores DARTS's genotypes by how many kept edges are 3×3 separable: one summit of paths."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, codes: Codes) -> NDArray[np.float64]:
        assert (np.diff(codes) > 0).all()
        self.seen.extend(codes.tolist())
        choices = DARTS.decode(codes)
        alike: NDArray[np.float64] = ((choices == 3) & DARTS.active(choices)).sum(axis=1) / 16.0
        return alike


@each_search
def test_evaluations_are_counted(search: Search) -> None:
    score = Hill()
    found = search(Subspace.whole(DARTS), score, 150, np.random.default_rng(0))
    assert len(score.seen) == len(set(score.seen)) == 150
    assert sorted(found.codes.tolist()) == sorted(score.seen)
    np.testing.assert_array_equal(found.scores, Hill()(np.sort(found.codes))[_rank(found.codes)])
    assert found.scores.max() == found.scores[found.codes == found.best][0]


def _rank(codes: Codes) -> NDArray[np.int64]:
    return np.asarray(codes.argsort().argsort())


@each_search
def test_the_generator_alone_decides(search: Search) -> None:
    one, other = (
        search(Subspace.whole(DARTS), Hill(), 60, np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(one.codes, other.codes)


@each_search
def test_a_search_stays_in_its_subspace(search: Search) -> None:
    part = Subspace.whole(DARTS).split([3], [[(4,), (6,)], [(0,), (1,), (2,), (3,), (5,)]])[0]
    found = search(part, Hill(), 60, np.random.default_rng(0))
    assert part.contains(found.codes).all()
    assert DARTS.active(DARTS.decode(found.codes))[:, 3].all()


@each_search
def test_a_small_space_is_searched_through(search: Search) -> None:
    part = Subspace(NB201, ((1, 3), (0, 2), (3,), (1, 4), (3,), (2,)))
    every = np.unique(NB201.canonical(part.codes()))
    every = every[part.contains(every) & NB201.works(every)]
    found = search(part, lambda codes: -codes.astype(float), 500, np.random.default_rng(0))
    assert sorted(found.codes.tolist()) == every.tolist()
    assert found.best == every.min()


def test_searches_climb_where_draws_do_not() -> None:
    whole = Subspace.whole(DARTS)
    drawn, evolved, climbed = (
        search(whole, Hill(), evaluations, np.random.default_rng(1)).scores.max()
        for search, evaluations in zip(SEARCHES, (1000, 1000, 4000), strict=True)
    )
    assert evolved >= 0.85
    assert climbed == 1
    assert drawn <= 0.6


def test_local_search_takes_the_steepest_way() -> None:
    whole = Subspace.whole(NB201)
    values = np.random.default_rng(5).random(NB201.size)
    found = local_search(whole, lambda codes: values[codes], 400, np.random.default_rng(2))
    here, place = int(found.codes[0]), 1
    while place < len(found.codes):
        around = neighbours(whole, here)
        best = int(around[values[around].argmax()])
        new = set(around.tolist()) - set(found.codes[:place].tolist())
        evaluated = found.codes[place : place + len(new)].tolist()
        assert set(evaluated) <= new
        place += len(new)
        if values[best] > values[here]:
            here = best
        elif place < len(found.codes):
            here, place = int(found.codes[place]), place + 1


def test_evolution_forgets_the_oldest() -> None:
    """Its first member is by far the best, but has no child once it died."""
    whole = Subspace.whole(DARTS)
    first: list[int] = []

    def score(codes: Codes) -> NDArray[np.float64]:
        if not first:
            first.extend(codes.tolist())
            return np.where(np.arange(len(codes)) == 0, 1.0, 0.0)
        return np.zeros(len(codes))

    settings = EvolutionSettings(population=5, sample=50)
    found = regularised_evolution(whole, score, 60, np.random.default_rng(0), settings)
    best = first[0]
    around = [number for number, code in enumerate(found.codes) if _close(best, int(code))]
    birth = found.codes.tolist().index(best)
    assert set(range(5, 5 + birth)) <= set(around)  # the only parent while it lives
    assert max(around) < 30


def _close(one: int, other: int) -> bool:
    return other == one or int((DARTS.decode(one) != DARTS.decode(other)).sum()) <= 3


@each_search
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nb201", {0: (0,), 4: (3,)}),  # in canonical codes a dead edge 1→3 is none
        ("macro", {3: (0,), 4: (1, 2)}),  # and identities come last in their stage
        ("mobilenet", {5: (6,), 6: (1, 2)}),
    ],
)
def test_a_leaf_that_scores_nothing_has_nothing_to_find(
    search: Search, name: str, options: dict[int, tuple[int, ...]]
) -> None:
    whole = Subspace.whole(open_space(name))
    allowed = tuple(options.get(place, known) for place, known in enumerate(whole.allowed))
    found = search(Subspace(whole.space, allowed), Hill(), 50, np.random.default_rng(0))
    assert found.codes.size == found.scores.size == 0


@each_search
def test_wrong_arguments(search: Search) -> None:
    whole, generator = Subspace.whole(NB201), np.random.default_rng(0)
    with pytest.raises(InputError, match="a search has 0 evaluations"):
        search(whole, Hill(), 0, generator)
    with pytest.raises(CheckError, match="has no score"):
        search(whole, lambda codes: np.full(len(codes), np.nan), 3, generator)


def test_wrong_sizes_of_evolution() -> None:
    with pytest.raises(InputError, match="a population of 0 and samples of 5"):
        EvolutionSettings(0, 5)
