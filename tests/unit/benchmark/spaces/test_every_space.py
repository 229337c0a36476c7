"""What every search space must keep to."""

from __future__ import annotations

import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.spaces.base import Codes, Space
from benchmark.spaces.registry import SPACES, open_space
from benchmark.spaces.subspaces.subspace import Subspace, owner, scoring_leaves

SPACE = st.sampled_from([open_space(name) for name in SPACES])
SEED = st.integers(0, 2**32 - 1)


def some_codes(space: Space, seed: int, count: int = 20) -> Codes:
    codes = np.random.default_rng(seed).integers(space.size, size=count)
    return np.array([0, space.size - 1, *codes], np.int64)


@st.composite
def leaves(draw: st.DrawFn, space: Space) -> tuple[Subspace, ...]:
    """Split subspaces again and again, each on a decision or two and into random groups."""
    found = [Subspace.whole(space)]
    for _ in range(draw(st.integers(0, 4))):
        leaf = found.pop(draw(st.integers(0, len(found) - 1)))
        count = draw(st.integers(1, 2))
        decisions = draw(
            st.lists(st.integers(0, len(space) - 1), min_size=count, max_size=count, unique=True)
        )
        if any(leaf.is_split(decision) for decision in decisions):
            found.append(leaf)
            continue
        options = leaf.options(decisions)
        labels = [draw(st.integers(0, 1)) for _ in options]
        groups = [
            [one for one, label in zip(options, labels, strict=True) if label == group]
            for group in set(labels)
        ]
        found += leaf.split(decisions, groups)
    return tuple(found)


@given(SPACE, SEED)
def test_codes_survive_decoding_and_formatting(space: Space, seed: int) -> None:
    codes = some_codes(space, seed)
    choices = space.decode(codes)
    assert choices.shape == (len(codes), len(space))
    assert choices.dtype == np.int8
    assert (choices < space.n_options).all()
    encoded = space.encode(choices)
    assert encoded.dtype == np.int64
    np.testing.assert_array_equal(encoded, codes)
    texts = [space.format(code) for code in codes.tolist()]
    np.testing.assert_array_equal(space.to_codes(texts), codes)
    assert len(set(texts)) == len(set(codes.tolist()))


@given(SPACE, SEED)
def test_canonical_codes_stand_for_themselves(space: Space, seed: int) -> None:
    codes = some_codes(space, seed)
    canonical = space.canonical(codes)
    np.testing.assert_array_equal(space.canonical(canonical), canonical)
    np.testing.assert_array_equal(space.works(canonical), space.works(codes))
    networks = space.network(codes)
    np.testing.assert_array_equal(space.network(networks), networks)
    np.testing.assert_array_equal(space.network(canonical), networks)
    np.testing.assert_array_equal(space.encode(space.path(space.decode(codes))), canonical)


@settings(max_examples=30)
@given(SPACE.flatmap(lambda space: st.tuples(st.just(space), leaves(space), SEED)))
def test_leaves_share_the_space(case: tuple[Space, tuple[Subspace, ...], int]) -> None:
    space, found, seed = case
    assert sum(leaf.size for leaf in found) == Subspace.whole(space).size
    codes = some_codes(space, seed)
    codes = codes[Subspace.whole(space).contains(codes)]
    held = np.array([leaf.contains(codes) for leaf in found])
    np.testing.assert_array_equal(held.sum(axis=0), np.ones(len(codes)))
    np.testing.assert_array_equal(owner(found, codes), held.argmax(axis=0))
    canonical = space.canonical(codes)
    np.testing.assert_array_equal(scoring_leaves(found, codes), owner(found, canonical))


@settings(max_examples=20)
@given(SPACE.flatmap(lambda space: st.tuples(st.just(space), leaves(space), SEED)))
def test_a_leaf_counts_what_it_holds(case: tuple[Space, tuple[Subspace, ...], int]) -> None:
    """By listing where that can be done, or else by how often random codes are in it."""
    space, found, seed = case
    if space.is_enumerable:
        for leaf in found:
            assert leaf.size == len(leaf.codes()) == int(leaf.contains(space.all_codes()).sum())
        return
    codes = np.random.default_rng(seed).integers(space.size, size=2_000)
    codes = codes[Subspace.whole(space).contains(codes)]
    for leaf in found:
        share = leaf.size / Subspace.whole(space).size
        deviation = math.sqrt(share * (1 - share) / len(codes))
        assert abs(leaf.contains(codes).mean() - share) <= 5 * deviation + 1 / len(codes)


@settings(max_examples=30)
@given(SPACE.flatmap(lambda space: st.tuples(st.just(space), leaves(space), SEED)))
def test_a_leaf_draws_what_it_may_train(case: tuple[Space, tuple[Subspace, ...], int]) -> None:
    space, found, seed = case
    for leaf in found:
        if space.is_enumerable and not space.pool(leaf).size:
            with pytest.raises(InputError, match="no path carries a signal"):
                leaf.draw(40, np.random.default_rng(seed))
            continue
        drawn = leaf.draw(40, np.random.default_rng(seed))
        assert drawn.shape == (40, len(space))
        assert drawn.dtype == np.int8
        assert space.works(space.encode(drawn)).all()
        paths = space.path(drawn)
        np.testing.assert_array_equal(space.path(paths), paths)
        # one of whose architectures another leaf scores each may train anything
        assert leaf.permits(drawn).all() or not leaf.permits(paths).any()


@settings(max_examples=30)
@given(SPACE, SEED, st.data())
def test_decisions_are_made_to_matter(space: Space, seed: int, data: st.DataObject) -> None:
    (choices,) = space.decode(space.canonical(some_codes(space, seed, 1)[2:]))
    decision = data.draw(st.integers(0, len(space) - 1))
    before = choices.copy()
    changed = np.array(space.activated(choices, [decision]))
    np.testing.assert_array_equal(choices, before)
    assert changed.shape == choices.shape
    space.checked_choices(changed)
    assert space.active(changed).shape == choices.shape


@settings(max_examples=20)
@given(SPACE)
def test_decisions_are_found_by_name_and_number(space: Space) -> None:
    for number, decision in enumerate(space.decisions):
        assert space.find(number) == space.find(decision.name) == (number,)
    names = " & ".join(decision.name for decision in space.decisions[::-1])
    assert space.find(names) == tuple(range(len(space)))[::-1]


@settings(max_examples=20)
@given(SPACE, st.integers(1, 60), st.integers(0, 40))
def test_larger_samples_begin_with_smaller_ones(space: Space, count: int, more: int) -> None:
    sample = space.sample(count + more)
    assert len(np.unique(sample)) == len(sample) == count + more
    np.testing.assert_array_equal(space.sample(count), sample[:count])
    if not space.is_enumerable:
        np.testing.assert_array_equal(space.canonical(sample), sample)


@settings(max_examples=20)
@given(SPACE.flatmap(lambda space: st.tuples(st.just(space), leaves(space), SEED)))
def test_more_draws_begin_with_fewer(case: tuple[Space, tuple[Subspace, ...], int]) -> None:
    space, found, seed = case
    for leaf in found[:2]:
        if space.is_enumerable and not space.pool(leaf).size:
            continue
        many = leaf.draw(1500, np.random.default_rng(seed))
        for count in (1, 30, 1100):
            fewer = leaf.draw(count, np.random.default_rng(seed))
            np.testing.assert_array_equal(fewer, many[:count])


@settings(max_examples=20)
@given(SPACE, SEED)
def test_a_seed_fixes_the_paths(space: Space, seed: int) -> None:
    whole = Subspace.whole(space)
    first, second = (whole.draw(30, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (30, len(space))
    assert whole.permits(first).all()
    assert space.works(space.encode(first)).all()
    assert whole.draw(0, np.random.default_rng(seed)).shape == (0, len(space))


@given(SPACE, SEED)
def test_sizes_are_those_of_a_canonical_scale(space: Space, seed: int) -> None:
    codes = space.canonical(some_codes(space, seed))
    for count in (space.parameters, space.multiply_adds):
        found = count(codes, space.table_scale)
        assert found.shape == codes.shape
        assert found.dtype == np.int64
        assert (found > 0).all()
        one = count(codes[0], space.table_scale)
        assert one.shape == ()
        assert one == found[0]


@settings(max_examples=40)
@given(SPACE, st.text(max_size=30) | st.text(alphabet="kez0123456789,|-~+", max_size=250))
def test_what_is_no_architecture_is_refused_in_one_line(space: Space, text: str) -> None:
    with pytest.raises(InputError) as caught:
        space.parse(text + "?")  # none has a question mark
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000


@pytest.mark.parametrize("name", SPACES)
def test_there_is_one_instance(name: str) -> None:
    space = open_space(name)
    assert space is open_space(name)
    assert pickle.loads(pickle.dumps(space)) is space
    assert name in repr(space)
    assert space.name == name
    assert space.title
    assert space.description
    assert "20" in space.source  # a year
    names = [decision.name for decision in space.decisions]
    assert len(set(names)) == len(names)
    for decision in space.decisions:
        assert len(set(decision.options)) == len(decision.options) > 1


@pytest.mark.parametrize("name", SPACES)
def test_codes_outside_of_the_space_are_refused(name: str) -> None:
    space = open_space(name)
    for code in (-1, space.size):
        with pytest.raises(InputError, match="out of bounds"):
            space.decode(code)
        with pytest.raises(InputError, match="out of bounds"):
            space.format(code)


@given(SPACE)
def test_the_size_of_networks_can_be_part_of_a_name(space: Space) -> None:
    scale = space.table_scale
    assert re.fullmatch(r"([a-z]\d+){2,}", scale.abbreviation)
    assert scale.abbreviation.endswith(f"r{scale.resolution}")
    assert str(scale.resolution) in scale.describe()
