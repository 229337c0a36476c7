from __future__ import annotations

import base64
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.records.scores import decode_scores, encode_scores
from benchmark.spaces.nb201 import SIZE, live_codes
from benchmark.spaces.registry import open_space

SPACE = open_space("nb201")
ALL = np.arange(SIZE)
FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def fill(some: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Repeat some numbers over the whole space."""
    return np.resize(some.astype(np.float64), SIZE)


@given(some=arrays(np.float64, 40, elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_every_bit_comes_back(some: NDArray[np.float64]) -> None:
    scores = fill(some)
    assert (
        decode_scores(encode_scores(scores, ALL, SPACE), ALL, SPACE).tobytes() == scores.tobytes()
    )


@given(
    some=arrays(np.float64, 40, elements=st.floats(allow_nan=False, allow_infinity=False)),
    other=st.integers(0, SIZE - 1),
)
def test_every_bit_of_functions_comes_back(some: NDArray[np.float64], other: int) -> None:
    """The scores of functions once each, unless a single architecture differs from its own."""
    scores = fill(some)[live_codes()]
    text = encode_scores(scores, ALL, SPACE)
    assert text["of"] == "functions"
    assert decode_scores(text, ALL, SPACE).tobytes() == scores.tobytes()
    changed = scores.copy()
    changed[other] = -scores[other] if scores[other] else -0.0 * np.copysign(1, scores[other])
    again = encode_scores(changed, ALL, SPACE)
    alone = np.count_nonzero(live_codes() == live_codes([other])) == 1
    assert ("of" in again) == alone
    assert decode_scores(again, ALL, SPACE).tobytes() == changed.tobytes()


@given(
    codes=st.sets(st.integers(0, SIZE - 1), min_size=1, max_size=40),
    seed=st.integers(0, 99),
    by_function=st.booleans(),
)
def test_scores_of_few_candidates_come_back(codes: set[int], seed: int, by_function: bool) -> None:
    some = np.array(sorted(codes))
    scores = np.random.default_rng(seed).normal(size=SIZE)
    scores = (scores[live_codes()] if by_function else scores)[some]
    text = encode_scores(scores, some, SPACE)
    assert decode_scores(text, some, SPACE).tobytes() == scores.tobytes()
    if by_function:
        assert text["of"] == "functions"
    with pytest.raises(InputError, match="the scores are not"):
        decode_scores(text, ALL, SPACE)


def test_functions_take_less_space() -> None:
    scores = np.random.default_rng(0).normal(-2, 0.3, SIZE)
    every, once = (
        len(encode_scores(one, ALL, SPACE)["data"]) for one in (scores, scores[live_codes()])
    )
    assert once < 0.65 * every


def test_functions_must_be_all_there() -> None:
    count = len(np.unique(live_codes()))
    text = {"type": "float32", "of": "functions"}
    assert decode_scores(text | {"data": pack(bytes(count * 4))}, ALL, SPACE).tolist() == [0] * SIZE
    for size in (SIZE, count - 1, count + 1):
        with pytest.raises(InputError, match="the scores are not 9,445 numbers of type float32"):
            decode_scores(text | {"data": pack(bytes(size * 4))}, ALL, SPACE)


@pytest.mark.parametrize(("name", "functions"), [("macro", 3_969), ("darts", 40)])
def test_functions_are_those_of_the_space(name: str, functions: int) -> None:
    space = open_space(name)
    codes = space.all_codes() if space.is_enumerable else np.sort(space.sample(40))
    scores = (space.canonical(codes) % 8_191).astype(np.float64)
    text = encode_scores(scores, codes, space)
    assert text["of"] == "functions"
    assert len(zlib.decompress(base64.b64decode(text["data"]))) == functions * 4
    assert decode_scores(text, codes, space).tobytes() == scores.tobytes()


@given(some=arrays(np.float32, 40, elements=FLOAT32))
def test_float32_is_kept_as_such(some: NDArray[np.float32]) -> None:
    text = encode_scores(fill(some), ALL, SPACE)
    assert text["type"] == "float32"
    assert decode_scores(text, ALL, SPACE).tobytes() == fill(some).tobytes()


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (-0.0, "float32"),
        (2.0**-149, "float32"),  # the least float32
        (2.0**-150, "float64"),
        (5e-324, "float64"),
        (0.1, "float64"),
        (float(np.float32(0.1)), "float32"),
        (1e39, "float64"),
        (1.7976931348623157e308, "float64"),
    ],
)
def test_the_narrowest_exact_type(number: float, name: str) -> None:
    scores = np.zeros(SIZE)
    scores[SIZE // 2] = number
    text = encode_scores(scores, ALL, SPACE)
    assert text["type"] == name
    assert decode_scores(text, ALL, SPACE).tobytes() == scores.tobytes()


def test_the_layout() -> None:
    text = encode_scores(np.arange(SIZE, dtype=np.float64), ALL, SPACE)
    planes = zlib.decompress(base64.b64decode(text["data"]))
    number = bytes(planes[byte * SIZE + 5] for byte in range(4))
    assert number == bytes.fromhex("0000a040")  # 5.0, little-endian


def test_network_scores_take_little_space() -> None:
    scores = np.random.default_rng(0).normal(-2, 0.3, SIZE).astype(np.float32)
    assert len(encode_scores(scores.astype(np.float64), ALL, SPACE)["data"]) < 80_000


@pytest.mark.parametrize("extra", [-SIZE * 4, -4, -1, 1, 4])
def test_a_wrong_length_is_refused(extra: int) -> None:
    text = {"type": "float32", "data": pack(bytes(SIZE * 4 + extra))}
    with pytest.raises(InputError, match=r"^the scores are not 15,625 numbers of type float32$"):
        decode_scores(text, ALL, SPACE)


@pytest.mark.parametrize(
    "text",
    [
        None,
        [],
        {},
        {"type": "float32", "of": "networks", "data": pack(bytes(SIZE * 4))},
        {"type": "float32", "of": ["functions"], "data": pack(bytes(SIZE * 4))},
        {"type": "float16", "data": pack(bytes(SIZE * 2))},
        {"type": ["float32"], "data": pack(bytes(SIZE * 4))},
        {"type": "float32", "data": None},
        {"type": "float32", "data": "τ"},
        {"type": "float32", "data": "!" + pack(bytes(SIZE * 4))},
        {"type": "float32", "data": base64.b64encode(bytes(SIZE * 4)).decode()},
    ],
)
def test_what_are_no_scores_is_refused(text: Any) -> None:
    with pytest.raises(InputError, match=r"^the scores cannot be unpacked$"):
        decode_scores(text, ALL, SPACE)


@pytest.mark.parametrize("end", [b"more", b"\0"])
def test_bytes_behind_the_end_are_refused(end: bytes) -> None:
    data = base64.b64encode(zlib.compress(bytes(SIZE * 4)) + end).decode()
    with pytest.raises(InputError, match="are not 15,625 numbers"):
        decode_scores({"type": "float32", "data": data}, ALL, SPACE)


def test_a_missing_end_is_refused() -> None:
    data = base64.b64encode(zlib.compress(bytes(SIZE * 4))[:-1]).decode()
    with pytest.raises(InputError, match="are not 15,625 numbers"):
        decode_scores({"type": "float32", "data": data}, ALL, SPACE)


def test_a_bomb_is_never_unpacked() -> None:
    text = {"type": "float64", "data": pack(bytes(100_000_000))}
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="are not 15,625 numbers"):
            decode_scores(text, ALL, SPACE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
