"""Pickles by allow-list: arrays come back, stand-ins stay as they are, sizes are bounded."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmark.errors import InputError
from benchmark.pickles.opcodes import CutOffError, Walk
from benchmark.pickles.unpickling import ARRAYS, RECORDS, Globals, array_in, load_pickle
from tests.fuzzing import bounded

NUMBERS = st.sampled_from(["i1", "u1", "?", "<i2", ">i4", "<u8", "<f2", ">f4", "<f8"])
ARRAY = hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, max_dims=3))


@given(array=ARRAY, protocol=st.sampled_from([2, 3, 4, 5]), is_fortran=st.booleans())
def test_arrays_come_back(array: np.ndarray[Any, Any], protocol: int, is_fortran: bool) -> None:
    array = np.asfortranarray(array) if is_fortran else array
    found = array_in(load_pickle(pickle.dumps(array, protocol), ARRAYS))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@given(array=hnp.arrays(NUMBERS, 1), protocol=st.sampled_from([2, 4, 5]))
def test_numbers_become_pythons_own(array: np.ndarray[Any, Any], protocol: int) -> None:
    found = load_pickle(pickle.dumps(array[0], protocol), RECORDS)
    assert type(found) in (int, float, bool)
    np.testing.assert_equal(found, array[0].item())


@pytest.mark.parametrize("values", [np.array(["a"]), np.array([None]), np.array([1j])])
def test_arrays_of_anything_else_are_refused(values: np.ndarray[Any, Any]) -> None:
    with pytest.raises(InputError, match=r"not a number's|something else than numbers"):
        load_pickle(pickle.dumps(values, 2), ARRAYS)


def array_of(shape: object) -> bytes:
    """Return the pickle of an array of 24 bytes that states this shape."""
    dtype = b"cnumpy\ndtype\nX\x02\0\0\0u1\x85R"
    opening = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R(K\x01"
    stated = pickle.dumps(shape, 2)[2:-1]  # without the opcodes of beginning and end
    return opening + stated + dtype + b"\x89C\x18" + bytes(24) + b"tb."


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 62, 0), (-1, -24), (5,), ((), 3), "24", None])
def test_a_shape_must_match_the_bytes(shape: object) -> None:
    assert array_in(load_pickle(array_of((4, 6)), ARRAYS)).shape == (4, 6)
    with bounded(), pytest.raises(InputError):
        array_in(load_pickle(array_of(shape), ARRAYS))


@pytest.mark.parametrize("names", [RECORDS, ARRAYS])
@pytest.mark.parametrize("attribute", ["__call__", "__class__", "__setstate__", "fromkeys", "x"])
def test_no_stand_in_can_be_changed(names: Globals, attribute: str) -> None:
    before = {name: dir(found) for name, found in names.items()}
    text = attribute.encode()
    state = b"}X" + len(text).to_bytes(4, "little") + text + b"K\x01s"
    for module, name in names:
        opening = f"c{module}\n{name}\n".encode()
        for built in (opening + state + b"b.", opening + b"N" + state + b"\x86b."):
            with pytest.raises(InputError):
                load_pickle(built, names)
    assert {name: dir(found) for name, found in names.items()} == before
    array = np.arange(3)
    assert array_in(load_pickle(pickle.dumps(array, 2), ARRAYS)).tolist() == [0, 1, 2]


@given(data=st.binary(max_size=60))
def test_a_walk_ends_within_the_bytes(data: bytes) -> None:
    for whole in (data, b"\x80\x02" + data + b"."):
        with suppress(CutOffError, InputError):
            assert 0 < Walk().whole(whole) <= len(whole)


@given(
    contents=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
        max_leaves=9,
    ),
    protocol=st.sampled_from([2, 3, 4, 5]),
)
def test_what_pickle_writes_is_read(contents: Any, protocol: int) -> None:
    assert load_pickle(pickle.dumps(contents, protocol), RECORDS) == contents
