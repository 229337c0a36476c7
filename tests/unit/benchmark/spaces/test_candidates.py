from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.errors import InputError
from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.registry import open_space

SPACE = open_space("nb201")
LARGE = open_space("darts")
SIZE = SPACE.size
SIZES = st.integers(1, SIZE)


def test_all_is_the_whole_space() -> None:
    np.testing.assert_array_equal(candidate_codes("all", SPACE), np.arange(SIZE))
    np.testing.assert_array_equal(candidate_codes(SIZE, SPACE), np.arange(SIZE))


@given(SIZES, SIZES)
def test_a_larger_sample_contains_a_smaller_one(one: int, other: int) -> None:
    small, large = sorted((one, other))
    np.testing.assert_array_equal(SPACE.sample(large)[:small], SPACE.sample(small))
    assert set(candidate_codes(small, SPACE).tolist()) <= set(
        candidate_codes(large, SPACE).tolist()
    )


@given(SIZES)
def test_a_number_gives_the_sample_sorted(count: int) -> None:
    codes = candidate_codes(count, SPACE)
    assert codes.dtype == np.int64
    assert codes.tolist() == sorted(set(SPACE.sample(count).tolist()))
    assert len(codes) == count


def test_the_sample_is_uniform_over_options() -> None:
    counts = np.stack(
        [np.bincount(one, minlength=5) for one in SPACE.decode(SPACE.sample(2_000)).T]
    )
    assert stats.chisquare(counts, axis=1).pvalue.min() > 0.001


@given(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=9, unique=True))
def test_a_list_is_sorted(codes: list[int]) -> None:
    assert candidate_codes(codes, SPACE).tolist() == sorted(codes)
    assert candidate_codes(tuple(codes), SPACE).dtype == np.int64


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ("al", r"^candidates are 'al': give 'all', a number or a list of codes$"),
        ("x" * 500, rf"^candidates are '{'x' * 60}': give"),
        (0, r"^cannot sample 0 architectures: give a number from 1 to 15,625$"),
        (-3, r"^cannot sample -3 architectures"),
        (SIZE + 1, r"^cannot sample 15626 architectures"),
        ([], r"^the list of candidates is empty: give at least one code$"),
        ([4, 9, 4], r"^candidates list code 4 twice: give each code once$"),
        ([4, SIZE], r"^code 15625 is out of bounds: choose from 0 to 15624$"),
        ([-1], r"^code -1 is out of bounds"),
        ([1.5], r"^a code is an integer from 0 to 15624, not float64$"),
    ],
)
def test_what_cannot_be_candidates(candidates: str | int | list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        candidate_codes(candidates, SPACE)


def test_a_space_too_large_to_list_wants_a_number_or_a_list() -> None:
    with pytest.raises(InputError, match=r"too many to list: give a number of candidates, or a li"):
        candidate_codes("all", LARGE)
    with pytest.raises(InputError, match=r"give a number from 1 to 1,048,576$"):
        candidate_codes((1 << 20) + 1, LARGE)
    found = candidate_codes(40, LARGE)
    assert found.tolist() == sorted(LARGE.sample(40).tolist())
    assert candidate_codes([LARGE.size - 1, 0], LARGE).tolist() == [0, LARGE.size - 1]
