from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from benchmark.errors import InputError
from benchmark.spaces.nb201 import (
    EDGES,
    OPERATIONS,
    SIZE,
    all_operations,
    all_strings,
    decode,
    encode,
    from_string,
    is_connected,
    live_codes,
    to_string,
)
from benchmark.spaces.registry import open_space
from tests.unit.benchmark.spaces.nb201.official_notation import isomorphism_classes

NB201 = open_space("nb201")
CODES = st.integers(0, SIZE - 1)


@given(npst.arrays(np.int64, npst.array_shapes(min_dims=0, max_dims=3), elements=CODES))
def test_codes_survive_decoding(codes: np.ndarray) -> None:
    operations = decode(codes)
    assert operations.shape == (*codes.shape, 6)
    assert operations.dtype == np.int8
    np.testing.assert_array_equal(encode(operations), codes)


@given(st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_a_code_is_a_number_in_base_five(operations: list[int]) -> None:
    assert int(encode(operations)) == int("".join(map(str, operations)), 5)


def test_the_space_is_the_product_in_order() -> None:
    np.testing.assert_array_equal(all_operations(), list(product(range(5), repeat=6)))
    with pytest.raises(ValueError, match="read-only"):
        all_operations()[0, 0] = 1


@given(CODES)
def test_a_string_names_the_operation_of_every_edge(code: int) -> None:
    text = to_string(code)
    assert from_string(text) == code
    nodes = [node.strip("|").split("|") for node in text.split("+")]
    written = [
        (int(part[-1]), end + 1, part[:-2]) for end, node in enumerate(nodes) for part in node
    ]
    expected = [(*edge, OPERATIONS[int(op)]) for edge, op in zip(EDGES, decode(code), strict=True)]
    assert written == expected


def test_the_official_strings_are_the_space(shared: Path) -> None:
    with (shared / "nas-bench-201" / "accuracies.csv").open(newline="") as file:
        assert {row["arch"] for row in csv.DictReader(file)} == set(all_strings())


@given(CODES, st.integers(0, 60), st.sampled_from(["", "x", "~"]), st.booleans())
def test_the_nearest_string_is_no_farther_than_the_one_misspelt(
    code: int, place: int, letter: str, drop: bool
) -> None:
    right = to_string(code)
    place %= len(right)
    wrong = right[:place] + letter + right[place + drop :]
    if wrong in all_strings():
        return
    with pytest.raises(InputError) as caught:
        from_string(wrong)
    nearest = str(caught.value).split("nearest is ")[1].strip("'")
    assert levenshtein(wrong, nearest) <= levenshtein(wrong, right)


def levenshtein(left: str, right: str) -> int:
    """The textbook recurrence, on whole rows."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row = row, [i]
        for j, b in enumerate(right, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (a != b)))
    return row[-1]


@pytest.mark.parametrize("text", ["", "resnet", "é" * 10_000])
def test_any_text_gets_a_short_answer(text: str) -> None:
    with pytest.raises(InputError, match=r"not an architecture: .*; the nearest is '") as caught:
        from_string(text)
    assert len(str(caught.value)) < 500


def test_a_truncated_string_is_completed() -> None:
    text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3"
    with pytest.raises(InputError) as caught:
        from_string(text)
    assert str(caught.value).endswith(f"nearest is '{text}x3~2|'")


def test_codes_and_strings_mix() -> None:
    np.testing.assert_array_equal(NB201.to_codes([to_string(9), 3, np.int32(4)]), [9, 3, 4])
    np.testing.assert_array_equal(NB201.to_codes(np.array([to_string(9)])), [9])
    assert NB201.to_codes([]).shape == (0,)
    assert NB201.to_codes(np.array([], int)).shape == (0,)


@pytest.mark.parametrize("codes", [[-1], [SIZE], [1.0], ["1"], [True], [None]])
def test_what_is_no_code_is_refused(codes: list[object]) -> None:
    with pytest.raises(InputError):
        decode(codes)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        NB201.to_codes(codes)  # type: ignore[arg-type]


@pytest.mark.parametrize("operations", [[0, 0, 0, 0, 0, 5], [-1, 0, 0, 0, 0, 0], [0] * 5, 0])
def test_what_are_no_operations_is_refused(operations: object) -> None:
    with pytest.raises(InputError):
        encode(operations)  # type: ignore[arg-type]


def alive(operations: tuple[int, ...]) -> list[int]:
    """Walk every path from node 0 to node 3 and keep the edges seen on one without none."""
    on_path: set[int] = set()
    for inner in [(), (1,), (2,), (1, 2)]:
        path = [EDGES.index(edge) for edge in pairwise((0, *inner, 3))]
        if all(operations[edge] for edge in path):
            on_path.update(path)
    return [op if edge in on_path else 0 for edge, op in enumerate(operations)]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (0, (0,)),
        (5, (5,)),
        ("0→1", (0,)),
        ("0->1", (0,)),
        ("2→3", (5,)),
        ("0→2 & 1→2", (1, 2)),
        ("2->3 & 0→1 & 1->3", (5, 0, 4)),
    ],
)
def test_decisions_are_found_by_number_or_name(named: int | str, expected: tuple[int, ...]) -> None:
    assert NB201.find(named) == expected


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (6, "^decision 6 is out of bounds: NAS-Bench-201 has those from 0 to 5$"),
        (-1, "^decision -1 is out of bounds"),
        (
            "0→4",
            r"^unknown decision of NAS-Bench-201 '0→4': did you mean '0→.'\? choose from 0→1, ",
        ),
        ("0→1 &0→2", r"^unknown decision of NAS-Bench-201 '0→1 &0→2'"),
        ("0", r"^unknown decision of NAS-Bench-201 '0'"),
        ("", r"^unknown decision of NAS-Bench-201 ''"),
        ("0→1 & 0->1", "^'0→1 & 0->1' names a decision twice: give different ones$"),
    ],
)
def test_what_is_no_decision_is_refused(named: int | str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        NB201.find(named)


def test_dead_edges_are_those_on_no_path() -> None:
    expected = encode([alive(operations) for operations in product(range(5), repeat=6)])
    np.testing.assert_array_equal(live_codes(), expected)
    np.testing.assert_array_equal(live_codes([[7, 8]]), expected[[[7, 8]]])


def test_the_published_counts() -> None:
    assert len(np.unique(live_codes())) == 9_445
    assert np.sum(~is_connected()) == 341
    np.testing.assert_array_equal(is_connected([0, 25]), [False, True])
    np.testing.assert_array_equal(live_codes()[live_codes()], live_codes())
    assert len(np.unique(isomorphism_classes())) == 6_466


def function(operations: tuple[int, ...]) -> object:
    """What the cell computes, as nested counts of terms; equal exactly when the functions are."""

    def node(number: int) -> frozenset[tuple[object, int]]:
        terms: Counter[object] = Counter({"x": 1} if number == 0 else {})
        for start in range(number):
            operation, source = operations[EDGES.index((start, number))], node(start)
            if OPERATIONS[operation] == "skip_connect":
                terms.update(dict(source))
            elif OPERATIONS[operation] != "none" and source:
                terms[operation, source] += 1
        return frozenset(terms.items())

    return node(3)


@cache
def all_functions() -> list[object]:
    return [function(operations) for operations in product(range(5), repeat=6)]


def test_members_of_a_class_are_one_function() -> None:
    functions = all_functions()
    assert all(
        functions[code] == functions[first] for code, first in enumerate(isomorphism_classes())
    )
    assert len(set(functions)) == 4_930


def test_live_architectures_are_one_function() -> None:
    functions = all_functions()
    assert all(functions[code] == functions[live] for code, live in enumerate(live_codes()))
    assert {code for code, value in enumerate(functions) if not value} == set(
        np.flatnonzero(~is_connected()).tolist()
    )
