from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.figures.signs import LONGEST, explained, option_signs, sign_of, signs_of
from benchmark.spaces.registry import SPACES, open_space


@pytest.mark.parametrize(
    ("names", "signs"),
    [
        (["none", "skip_connect", "nor_conv_1x1"], ["none", "sc", "nc1"]),
        (["0", "1", "2"], ["0", "1", "2"]),
        (["identity", "k3e3"], ["iden", "k3e3"]),
        (["max_pool_3x3", "min_pool_3x3"], ["a", "b"]),  # both would be mp3
        (["identity", "identical"], ["a", "b"]),
        (["a_b_c_d_e", "x"], ["a", "b"]),  # abcde is too long
    ],
)
def test_signs_are_short_names_initials_or_letters(names: list[str], signs: list[str]) -> None:
    assert option_signs(names) == dict(zip(names, signs, strict=True))


@given(st.lists(st.text(min_size=1, max_size=20), unique=True, max_size=30))
def test_no_two_signs_are_alike(names: list[str]) -> None:
    signs = option_signs([*names, *names])
    assert list(signs) == names
    assert len(set(signs.values())) == len(names)
    assert all(0 < len(sign) <= LONGEST for sign in signs.values())


@pytest.mark.parametrize("name", SPACES)
def test_every_option_of_a_space_has_a_sign(name: str) -> None:
    space = open_space(name)
    signs = signs_of(space)
    for decision in space.decisions:
        assert len({signs[option] for option in decision.options}) == len(decision.options)


def test_joined_options_have_joined_signs() -> None:
    signs = option_signs(["none", "skip_connect", "nor_conv_1x1"])
    assert sign_of("none", signs) == "none"
    assert sign_of("skip_connect & none", signs) == "sc&none"


def test_only_signs_that_are_no_names_are_explained() -> None:
    signs = option_signs(["none", "skip_connect", "nor_conv_1x1"])
    assert explained(["none", "skip_connect & none"], signs) == " sc: skip_connect."
    assert explained(["none"], signs) == ""
