from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace

SPACE = open_space("mobilenet")
COUNTS = (4, 4, 4, 4, 4, 1)
NAMES = ("k3e3", "k3e6", "k5e3", "k5e6", "k7e3", "k7e6")
FIRST = st.sampled_from(NAMES)
LATER = st.sampled_from((*NAMES, "zero"))
STAGE = st.tuples(FIRST, LATER, LATER, LATER).map(list)
STAGES = st.tuples(STAGE, STAGE, STAGE, STAGE, STAGE, FIRST.map(lambda name: [name]))

Stages = tuple[list[str], ...]


def written(stages: Stages) -> str:
    return "|".join("-".join(stage) for stage in stages)


def test_decisions_are_the_layers_of_six_stages() -> None:
    names = [decision.name for decision in SPACE.decisions]
    assert names == [f"stage{s + 1}.{layer + 1}" for s in range(6) for layer in range(COUNTS[s])]
    for decision in SPACE.decisions:
        first = decision.name.endswith(".1")
        assert decision.options == (NAMES if first else (*NAMES, "zero"))
    assert SPACE.size == 7**15 * 6**6 < 2**63


@given(STAGES)
def test_texts_name_the_options_of_all_layers(stages: Stages) -> None:
    text = written(stages)
    code = SPACE.parse(text)
    assert SPACE.format(code) == text
    flat = [name for stage in stages for name in stage]
    assert SPACE.decode(code).tolist() == [[*NAMES, "zero"].index(name) for name in flat]


@given(STAGES, STAGES)
def test_codes_have_one_canonical_code_if_the_layers_left_are_equal(
    one: Stages, other: Stages
) -> None:
    def left(stages: Stages) -> list[list[str]]:
        return [[name for name in stage if name != "zero"] for stage in stages]

    def moved(stages: Stages) -> str:
        return written(
            tuple(
                kept + ["zero"] * (len(stage) - len(kept))
                for kept, stage in zip(left(stages), stages, strict=True)
            )
        )

    for stages in (one, other):
        assert SPACE.format(int(SPACE.canonical(SPACE.parse(written(stages))))) == moved(stages)
    codes = SPACE.network(SPACE.to_codes([written(one), written(other)]))
    assert (codes[0] == codes[1]) == (left(one) == left(other))


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("", None),
        ("k3e3", None),
        ("zero-{0}-{0}-{0}|{1}|{1}|{1}|{1}|{0}", None),
        ("{0}-{0}-{0}-k3e4|{1}|{1}|{1}|{1}|{0}", "{1}|{1}|{1}|{1}|{1}|{0}"),
        ("{0}-{0}-{0}|{0}-{1}|{1}|{1}|{1}|{0}", None),
        ("{1}|{1}|{1}|{1}|{1}|{0}|", "{1}|{1}|{1}|{1}|{1}|{0}"),
        ("{1}|{1}|{1}|{1}|{1}|{0}\n", "{1}|{1}|{1}|{1}|{1}|{0}"),
        ("{1}-{1}-{1}-{1}-{1}-{0}", "{1}|{1}|{1}|{1}|{1}|{0}"),
        ("{1}|{1}|{1}|{1}|{1}|zero", None),
    ],
)
def test_other_texts_are_refused_with_the_nearest(text: str, nearest: str | None) -> None:
    one, stage = "k3e3", "k3e3-k3e3-k3e3-k3e3"
    with pytest.raises(InputError, match="not an architecture") as caught:
        SPACE.parse(text.format(one, stage))
    suggested = str(caught.value).rpartition("the nearest is ")[2].strip("'")
    assert SPACE.format(SPACE.parse(suggested)) == suggested
    if nearest is not None:
        assert suggested == nearest.format(one, stage)


# Drawing


def with_stage(allowed: tuple[tuple[int, ...], ...]) -> Subspace:
    """Return a subspace with these options in the layers of the second stage, else one each."""
    return Subspace(SPACE, ((0,),) * 4 + allowed + ((0,),) * 13)


def test_paths_are_drawn_uniformly_and_made_canonical() -> None:
    subspace = with_stage(((0,), (0, 1, 6), (0, 6), (0, 6)))
    drawn = SPACE.draw(subspace, 4800, np.random.default_rng(0))
    paths = [tuple(path[5:8]) for path in drawn.tolist()]
    expected: dict[tuple[int, ...], int] = {}
    for chosen in product((0, 1, 6), (0, 6), (0, 6)):
        kept = [option for option in chosen if option != 6]
        path = (*kept, *[6] * (3 - len(kept)))
        expected[path] = expected.get(path, 0) + 1
    found = [paths.count(path) for path in expected]
    assert sum(found) == 4800
    shares = np.array([*expected.values()]) / 12
    assert stats.chisquare(found, 4800 * shares).pvalue > 1e-3


def test_only_paths_that_a_subspace_scores_are_drawn() -> None:
    # the canonical form of what skips the second layer skips the third and fourth too
    subspace = with_stage(((0,), (6,), (0, 1, 6), (2, 6)))
    drawn = SPACE.draw(subspace, 50, np.random.default_rng(0))
    assert {tuple(path[5:8]) for path in drawn.tolist()} == {(6, 6, 6)}


def test_a_path_that_is_seldom_scored_is_drawn_all_the_same() -> None:
    rare = ((0,), (6,), tuple(range(7)), tuple(range(7)))  # 1 in 49 of a stage
    subspace = Subspace(SPACE, rare * 2 + ((0,),) * 13)
    for seed in range(5):
        (path,) = SPACE.draw(subspace, 1, np.random.default_rng(seed)).tolist()
        assert path[:8] == [0, 6, 6, 6] * 2


def test_a_subspace_that_scores_nothing_trains_what_it_has() -> None:
    subspace = with_stage(((0,), (6,), (0, 1), (2,)))
    drawn = SPACE.draw(subspace, 50, np.random.default_rng(0))
    assert {tuple(path[5:8]) for path in drawn.tolist()} == {(0, 2, 6), (1, 2, 6)}


@given(STAGES, st.lists(st.integers(0, 20), min_size=1, max_size=2, unique=True))
def test_layers_that_are_compared_keep_their_places(stages: Stages, decisions: list[int]) -> None:
    given_choices = SPACE.decode(SPACE.parse(written(stages)))
    base = SPACE.activated(given_choices, decisions)
    canonical = SPACE.path(given_choices)
    for option in range(6):
        path = base.copy()
        path[decisions] = option
        np.testing.assert_array_equal(SPACE.path(path)[decisions], option)
    stage_of = np.repeat(np.arange(6), COUNTS)
    changed = np.flatnonzero(base != canonical)
    assert set(canonical[changed].tolist()) <= {6}
    for place in changed:
        assert any(stage_of[place] == stage_of[one] and place < one for one in decisions)
