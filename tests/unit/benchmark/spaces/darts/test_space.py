from __future__ import annotations

import copy
import math
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace
from tests.unit.benchmark.spaces.darts.naive import (
    CHOICES,
    CODES,
    EDGES,
    N_OPTIONS,
    genotype_of,
    genotype_of_text,
    renamings,
    text_of,
)

SPACE = open_space("darts")


def test_its_size_fits_an_int64() -> None:
    assert SPACE.size == (180 * 7**8) ** 2 < 2**63
    assert SPACE.n_options.tolist() == N_OPTIONS
    assert not SPACE.is_enumerable


def test_the_names_of_decisions_differ() -> None:
    names = [decision.name for decision in SPACE.decisions]
    assert len(set(names)) == len(SPACE) == 34
    assert names[:3] == ["normal 0→2", "normal 1→2", "normal 0→3"]
    assert names[27:30] == ["reduce 4→5", "normal inputs of 3", "normal inputs of 4"]


def test_ten_thousand_codes_make_the_round_trip() -> None:
    codes = SPACE.sample(10_000)
    assert len(np.unique(codes)) == 10_000
    choices = SPACE.decode(codes)
    np.testing.assert_array_equal(SPACE.encode(choices), codes)
    np.testing.assert_array_equal(SPACE.canonical(codes), codes)
    np.testing.assert_array_equal(SPACE.path(choices), choices)
    np.testing.assert_array_equal(SPACE.decode(codes.reshape(100, -1))[7, 3], choices[703])


def test_no_architectures_at_all() -> None:
    none = np.empty((0, 3), np.int64)
    choices = SPACE.decode(none)
    assert choices.shape == (0, 3, 34)
    assert SPACE.encode(choices).shape == SPACE.network(none).shape == (0, 3)
    assert SPACE.path(choices).shape == SPACE.active(choices).shape == (0, 3, 34)
    assert Subspace.whole(SPACE).contains(none).shape == (0, 3)
    assert SPACE.parameters(none, SPACE.table_scale).shape == (0, 3)


@pytest.mark.parametrize("code", [0, (180 * 7**8) ** 2 - 1])
def test_the_first_and_last_code(code: int) -> None:
    assert int(SPACE.encode(SPACE.decode(code))) == code


@given(CHOICES, CHOICES)
def test_a_code_is_what_an_architecture_keeps(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    first, second = np.array(one), np.array(other)
    equal = genotype_of(first) == genotype_of(second)
    assert (SPACE.encode(first) == SPACE.encode(second)) == equal
    mixed = np.where(SPACE.active(first), first, second)  # changes what does not matter
    mixed[28:] = first[28:]
    assert SPACE.encode(mixed) == SPACE.encode(first)
    assert genotype_of_text(SPACE.format(int(SPACE.encode(first)))) == genotype_of(first)


@given(CHOICES)
def test_sixteen_edges_are_active(choices: tuple[int, ...]) -> None:
    given_choices = np.array(choices)
    active = SPACE.active(given_choices)
    assert active.sum() == 16
    for cell, nodes in enumerate(genotype_of(given_choices)):
        for edge, (source, node) in enumerate(EDGES):
            assert active[14 * cell + edge] == (source in nodes[node])
    path = SPACE.path(given_choices)
    np.testing.assert_array_equal(path[28:], given_choices[28:])
    np.testing.assert_array_equal(path[:28], np.where(active, given_choices, 0)[:28])


@given(CHOICES, st.data())
def test_edges_are_activated_with_few_changes(
    choices: tuple[int, ...], data: st.DataObject
) -> None:
    before = np.array(choices, np.int8)
    cell, node = data.draw(st.integers(0, 1)), data.draw(st.integers(2, 5))
    sources = data.draw(st.sets(st.integers(0, node - 1), min_size=1, max_size=2))
    wanted = [14 * cell + EDGES.index((source, node)) for source in sources]
    after = SPACE.activated(before, wanted)
    assert SPACE.active(after)[wanted].all()
    kept, now = (set(genotype_of(one)[cell][node]) for one in (before, after))
    np.testing.assert_array_equal(before, np.array(choices))  # stays as it is
    changed = np.flatnonzero(before != after)
    if sources <= kept:
        assert not changed.size
    else:
        assert changed.tolist() == [28 + 3 * cell + node - 3]
        if len(sources) == 1:
            assert now == sources | {min(kept)}


def test_decisions_on_inputs_need_no_activation() -> None:
    choices = np.zeros(34, np.int8)
    np.testing.assert_array_equal(SPACE.activated(choices, [28, 33]), choices)
    np.testing.assert_array_equal(SPACE.activated(choices, [4, 28]), choices)
    assert SPACE.activated(choices, [4])[28] != choices[28]


def test_three_edges_of_a_node_cannot_be_kept() -> None:
    with pytest.raises(InputError, match=r"edges from \[0, 1, 2\] into node 3 of the normal cell"):
        SPACE.activated(np.zeros(34, np.int8), [2, 3, 4])


@given(CODES)
@settings(max_examples=8)
def test_renamed_nodes_are_the_same_network(code: int) -> None:
    normal, reduce = genotype_of(SPACE.decode(code))
    texts = [text_of((one, other)) for one in renamings(normal) for other in renamings(reduce)]
    codes = np.array([SPACE.parse(text) for text in texts])
    assert (SPACE.network(codes) == codes.min()).all()
    assert len({int(SPACE.parameters(one, SPACE.table_scale)) for one in codes}) == 1


def test_networks_come_in_any_shape() -> None:
    codes = SPACE.sample(12)
    flat = SPACE.network(codes)
    np.testing.assert_array_equal(SPACE.network(codes.reshape(3, 4)), flat.reshape(3, 4))
    assert int(SPACE.network(int(codes[5]))) == flat[5]
    np.testing.assert_array_equal(SPACE.network(flat), flat)


def test_samples_are_uniform_over_genotypes() -> None:
    codes = SPACE.sample(20_000)
    choices, active = SPACE.decode(codes), SPACE.active(SPACE.decode(codes))
    for pair, number in zip(range(28, 34), N_OPTIONS[28:], strict=True):
        assert chisquare(np.bincount(choices[:, pair], minlength=number)).pvalue > 1e-4
    for edge in range(28):
        used = choices[active[:, edge], edge]
        assert chisquare(np.bincount(used, minlength=7)).pvalue > 1e-4
    np.testing.assert_array_equal(SPACE.sample(50), codes[:50])


def test_draws_are_uniform_over_what_a_subspace_allows() -> None:
    part = Subspace.whole(SPACE).split([4], [[(1,), (3,)], [(0,), (2,), (4,), (5,), (6,)]])[0]
    part = part.split([29], [[(0,), (5,)], [(1,), (2,), (3,), (4,)]])[0]
    drawn = part.draw(4000, np.random.default_rng(0))
    assert part.permits(drawn).all()
    for decision, allowed in enumerate(part.allowed):
        counts = Counter(drawn[:, decision].tolist())
        assert set(counts) == set(allowed)
        assert chisquare(list(counts.values())).pvalue > 1e-4


def test_it_is_the_same_instance_after_copying() -> None:
    assert pickle.loads(pickle.dumps(SPACE)) is SPACE
    assert copy.deepcopy(SPACE) is SPACE
    assert math.isclose(SPACE.size, 1.08e18, rel_tol=0.01)
