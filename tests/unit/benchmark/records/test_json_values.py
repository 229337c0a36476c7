from __future__ import annotations

import json
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.records.json_values import digest, json_copy

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


class Kind(str, Enum):
    LEAF = "leaf"


class Number(IntEnum):
    THREE = 3


@given(value=VALUES)
def test_what_is_plain_stays_as_it_is_and_is_a_copy(value: Any) -> None:
    copy = json_copy(value, "value")
    assert copy == value
    assert json.dumps(copy, sort_keys=True) == json.dumps(value, sort_keys=True)  # 1, 1.0, True
    if isinstance(value, (list, dict)):
        assert copy is not value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(2.5), 2.5),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        ({Kind.LEAF: Kind.LEAF}, {"leaf": "leaf"}),
        (Number.THREE, 3),
    ],
)
def test_what_becomes_plain(value: Any, expected: Any) -> None:
    found = json_copy(value, "value")
    assert repr(found) == repr(expected)  # the types too


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [0, {1, 2}]}, "value cannot be kept as JSON: it holds a set"),
        ([1j], "value cannot be kept as JSON: it holds a complex"),
        (b"a", "value cannot be kept as JSON: it holds a bytes"),
        (float("inf"), "value cannot be kept as JSON: Out of range float values are not JSON"),
        (np.array([0.0, np.nan]), "value cannot be kept as JSON: Out of range float values"),
        ({"a": 1, 2: 3}, "value cannot be kept as JSON: '<' not supported"),
    ],
)
def test_what_cannot_be_kept_is_one_line(value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        json_copy(value, "value")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_digest_is_that_of_the_text() -> None:
    # printf '{"a":[null,0.5],"b":"\\u03c4"}' | sha256sum
    expected = "f6c502e410d5d04193aebd0ef65387eeb33646a291308fa54d95413d6054a91b"
    assert digest({"b": "τ", "a": (None, 0.5)}) == expected


@given(value=st.dictionaries(st.text(), VALUES))
def test_the_digest_knows_values_and_not_the_order_of_keys(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert digest(backwards) == digest(value)
    assert digest(json.loads(json.dumps(value))) == digest(value)
    assert digest({"more": value}) != digest(value)
