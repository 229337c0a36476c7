from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.spaces.macro.layers import MacroScale
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace
from tests.unit.benchmark.spaces.nb201.test_space import levenshtein

SPACE = open_space("macro")
STRINGS = ["".join(digits) for digits in product("012", repeat=8)]
CODES = st.integers(0, SPACE.size - 1)
FILE = "nas-bench-macro/nas-bench-macro_cifar10.json"


def network(text: str) -> tuple[tuple[str, str], ...]:
    """Return for each stage its first layer and the bottlenecks after it."""
    stages = (text[:2], text[2:5], text[5:])
    return tuple((stage[0], stage[1:].replace("0", "")) for stage in stages)


def test_decisions_are_the_layers_of_three_stages() -> None:
    names = [decision.name for decision in SPACE.decisions]
    assert names == [
        *("stage1.1", "stage1.2"),
        *("stage2.1", "stage2.2", "stage2.3"),
        *("stage3.1", "stage3.2", "stage3.3"),
    ]
    assert {decision.options for decision in SPACE.decisions} == {("identity", "k3e3", "k5e6")}


def test_codes_are_the_strings_in_order() -> None:
    assert SPACE.size == len(STRINGS) == 6_561
    assert [SPACE.format(code) for code in range(SPACE.size)] == STRINGS
    np.testing.assert_array_equal(SPACE.to_codes(STRINGS), np.arange(SPACE.size))
    np.testing.assert_array_equal(
        SPACE.decode(SPACE.all_codes()), [[*map(int, text)] for text in STRINGS]
    )


@given(st.lists(CODES, max_size=5))
def test_codes_survive_decoding_and_formatting(codes: list[int]) -> None:
    np.testing.assert_array_equal(SPACE.encode(SPACE.decode(np.array(codes, int))), codes)
    assert [SPACE.parse(SPACE.format(code)) for code in codes] == codes


def test_the_official_strings_are_the_space(shared: Path) -> None:
    assert sorted(json.loads((shared / FILE).read_text())) == STRINGS


def test_canonical_codes_are_the_different_networks() -> None:
    canonical = SPACE.canonical(SPACE.all_codes())
    np.testing.assert_array_equal(SPACE.canonical(canonical), canonical)
    pairs = {(network(text), code) for text, code in zip(STRINGS, canonical.tolist(), strict=True)}
    assert len(pairs) == len(np.unique(canonical)) == len({net for net, _ in pairs}) == 3_969
    for text, code in zip(STRINGS, canonical.tolist(), strict=True):
        assert network(SPACE.format(code)) == network(text)
        assert "01" not in SPACE.format(code)[3:5] + " " + SPACE.format(code)[6:]


@given(st.lists(CODES, min_size=1, max_size=4))
def test_canonical_paths_are_those_of_canonical_codes(codes: list[int]) -> None:
    paths = SPACE.path(SPACE.decode(codes))
    np.testing.assert_array_equal(SPACE.encode(paths), SPACE.canonical(codes))
    assert SPACE.works(codes).all()
    assert SPACE.active(paths).all()
    np.testing.assert_array_equal(SPACE.network(codes), SPACE.canonical(codes))


def test_equal_networks_have_equal_accuracies(shared: Path) -> None:
    records = json.loads((shared / FILE).read_text())
    for text, record in records.items():
        other = SPACE.format(int(SPACE.canonical(SPACE.parse(text))))
        assert record == records[other]


@given(CODES, st.lists(st.integers(0, 7), min_size=1, max_size=2, unique=True))
def test_layers_that_are_compared_keep_their_places(code: int, decisions: list[int]) -> None:
    choices = SPACE.decode(code)
    base, canonical = SPACE.activated(choices, decisions), SPACE.path(choices)
    for option in (1, 2):
        path = base.copy()
        path[decisions] = option
        np.testing.assert_array_equal(SPACE.path(path)[decisions], option)
    stage_of = np.repeat(np.arange(3), (2, 3, 3))
    for place in np.flatnonzero(base != canonical):
        assert canonical[place] == 0
        assert any(stage_of[place] == stage_of[one] and place < one for one in decisions)


@st.composite
def subspaces(draw: st.DrawFn) -> Subspace:
    options = st.sets(st.integers(0, 2), min_size=1).map(lambda found: tuple(sorted(found)))
    return Subspace(SPACE, tuple(draw(options) for _ in range(8)))


@given(subspaces())
def test_a_leaf_trains_what_it_scores_if_it_scores_any(leaf: Subspace) -> None:
    codes = leaf.codes()
    own = [code for code in codes.tolist() if leaf.contains(SPACE.canonical(code))]
    assert leaf.pool().tolist() == (own or codes.tolist())
    drawn = SPACE.encode(leaf.draw(5, np.random.default_rng(0)))
    assert set(drawn.tolist()) <= set(leaf.pool().tolist())


def test_a_leaf_that_scores_none_trains_all_of_its_own() -> None:
    allowed: list[tuple[int, ...]] = [(0, 1, 2)] * 8
    allowed[3:5] = [(0,), (1, 2)]  # in canonical codes the identity comes last
    leaf = Subspace(SPACE, tuple(allowed))
    assert not leaf.contains(SPACE.canonical(leaf.codes())).any()
    assert len(leaf.pool()) == leaf.size == 2 * 3**6


WRONG = st.text(st.sampled_from("0123x "), max_size=12) | st.text(max_size=5)


@given(WRONG.filter(lambda text: text not in STRINGS))
def test_a_wrong_string_gets_the_nearest(text: str) -> None:
    with pytest.raises(InputError) as caught:
        SPACE.parse(text)
    message = str(caught.value)
    assert "\n" not in message
    nearest = message.split("the nearest is ")[1].strip("'")
    assert nearest in STRINGS
    assert levenshtein(text, nearest) <= min(levenshtein(text, some) for some in STRINGS[::97])


def test_the_message_of_a_wrong_string() -> None:
    with pytest.raises(InputError, match=r"^not an architecture: '2221222'; the nearest is '"):
        SPACE.parse("2221222")
    with pytest.raises(InputError, match=r"'22232220'; the nearest is '22202220'$"):
        SPACE.parse("22232220")
    with pytest.raises(InputError, match=r"\.\.\.'; the nearest is '00000000'$"):
        SPACE.parse("é" * 10_000)
    with pytest.raises(InputError, match="the nearest is '22212220'"):
        SPACE.parse("2221222０")  # a digit, but not of ASCII


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stem": 0}, "stem is 0: it must be an integer of 1 or more"),
        ({"widths": [8, 16]}, r"widths is \(8, 16\): give one number for each of 3 stages"),
        ({"widths": [8, 16, 0]}, r"widths is \(8, 16, 0\): it must be integers of 1 or more"),
        ({"strides": [2, True, 1]}, "strides"),
        ({"width": 3}, r"unknown setting of \[network\] for space macro 'width'.*'widths'"),
    ],
)
def test_a_scale_is_checked(settings: dict[str, object], message: str) -> None:
    usual = {"stem": 8, "widths": [8, 16, 32], "strides": [1, 2, 2], "head": 64}
    with pytest.raises(InputError, match=message):
        SPACE.scale(usual | settings, resolution=8, classes=10, input_channels=1)


def test_the_scale_of_settings() -> None:
    settings = {"stem": 8, "widths": [8, 16, 32], "strides": [1, 2, 2], "head": 64}
    found = SPACE.scale(settings, resolution=8, classes=10, input_channels=1)
    assert found == MacroScale(
        stem=8,
        widths=(8, 16, 32),
        strides=(1, 2, 2),
        head=64,
        resolution=8,
        classes=10,
        input_channels=1,
    )
