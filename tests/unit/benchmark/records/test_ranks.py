"""Ranks keep the order and the ties, whatever the scores, and take little space."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark.errors import InputError
from benchmark.records.scores import decode_ranks, encode_ranks
from benchmark.spaces.nb201 import SIZE, live_codes
from benchmark.spaces.registry import open_space

Scores = NDArray[np.float64]
SPACE = open_space("nb201")
ALL = np.arange(SIZE)
DRAWS = np.random.default_rng(0)
SCORES = {
    "all different": DRAWS.normal(size=SIZE),
    "by function": DRAWS.normal(size=SIZE)[live_codes()],
    "by function, but for one": np.where(np.arange(SIZE) == 7, 9.0, np.zeros(SIZE)),
    "ties": DRAWS.integers(0, 40, SIZE).astype(np.float64),
    "all equal": np.full(SIZE, -3.5),
    "hardly different": 1 + np.arange(SIZE) * 2e-16,
}


@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
def test_order_and_ties_come_back(scores: Scores) -> None:
    found = decode_ranks(encode_ranks(scores, ALL, SPACE), ALL, SPACE)
    assert np.array_equal(found, stats.rankdata(scores, "dense") - 1)


@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
def test_ranks_of_few_candidates_come_back(scores: Scores) -> None:
    some = np.array([0, 1, 7, 300, 9_000, SIZE - 1])
    found = decode_ranks(encode_ranks(scores[some], some, SPACE), some, SPACE)
    assert np.array_equal(found, stats.rankdata(scores[some], "dense") - 1)


def test_one_of_each_function_is_kept() -> None:
    short, long = (
        len(encode_ranks(SCORES[name], ALL, SPACE)) for name in ("by function", "all different")
    )
    assert short < 24_000
    assert short < 0.65 * long


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        "AAAA",
        encode_ranks(SCORES["ties"], ALL, SPACE)[:-8],
        base64.b64encode(zlib.compress(bytes(2 * SIZE + 2))).decode(),
        base64.b64encode(zlib.compress(bytes(2 * SIZE - 1))).decode(),
        base64.b64encode(zlib.compress(bytes(10**8))).decode(),
        None,
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="the ranks"):
        decode_ranks(text, ALL, SPACE)
