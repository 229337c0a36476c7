from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.spaces.nb201 import (
    SIZE,
    from_genotype,
    from_string,
    is_genotype,
    to_genotype,
    to_string,
)

PUBLISHED = "[(('avg_pool_3x3', 0),), (('none', 0), ('skip_connect', 1)), (('none', 0), ('none', 1), ('nor_conv_3x3', 2))]"  # noqa: E501


def naive_string(genotype: str) -> str:
    """Write a genotype in the benchmark's form, by what the two forms say of each edge."""
    nodes = ast.literal_eval(genotype)
    return "+".join(f"|{'|'.join(f'{name}~{start}' for name, start in node)}|" for node in nodes)


def test_every_genotype_is_read_and_written() -> None:
    for code in range(SIZE):
        genotype = to_genotype(code)
        assert from_genotype(genotype) == code
        if code % 7 == 0:  # parsing is slow
            assert naive_string(genotype) == to_string(code)
            assert repr(ast.literal_eval(genotype)) == genotype


def test_a_published_key_is_read() -> None:
    assert from_genotype(PUBLISHED) == from_string(naive_string(PUBLISHED))
    assert to_genotype(from_genotype(PUBLISHED)) == PUBLISHED


def test_the_outer_brackets_may_be_a_tuples() -> None:
    assert from_genotype(str(tuple(ast.literal_eval(PUBLISHED)))) == from_genotype(PUBLISHED)


# keys of supernet_info/few-shot-supernet; two architectures with the edges 0→3 and 1→3 exchanged
@pytest.mark.parametrize(
    ("node_3", "accuracy"),
    [("('skip_connect', 0), ('nor_conv_1x1', 1)", 55.03),
     ("('nor_conv_1x1', 0), ('skip_connect', 1)", 47.21)],
)  # fmt: skip
def test_the_edges_are_in_the_order_of_the_published_files(
    shared: Path, node_3: str, accuracy: float
) -> None:
    path = shared / "nas-bench-201" / "published-predictions" / "zhao2021-few-shot.csv"
    scores = pd.read_csv(path, index_col="arch")["score"]
    genotype = f"[(('avg_pool_3x3', 0),), (('none', 0), ('none', 1)), ({node_3}, ('none', 2))]"
    assert scores[to_string(from_genotype(genotype))] == accuracy


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        (PUBLISHED.replace("skip_connect", "skip-connect"), PUBLISHED),
        (PUBLISHED.replace("3x3', 0", "3x4', 0"), PUBLISHED),
        (PUBLISHED.replace(", ", ","), PUBLISHED),
        (PUBLISHED[:-1], PUBLISHED),
        (PUBLISHED[1:], PUBLISHED),
        (f"({PUBLISHED[1:]}", PUBLISHED),
        (f"{PUBLISHED[:-1]})", PUBLISHED),
        (PUBLISHED + " " * 500, PUBLISHED),
        ("[]", to_genotype(0)),
        ("[", to_genotype(0)),
        ("", to_genotype(0)),
    ],
)
def test_what_is_no_genotype_is_refused_with_the_nearest(wrong: str, nearest: str) -> None:
    with pytest.raises(InputError) as caught:
        from_genotype(wrong)
    message = str(caught.value)
    assert message.startswith("not an architecture: ")
    assert message.endswith(f'; the nearest is "{nearest}"')
    assert len(message) < 600


@given(text=st.text() | st.text("[](),'0123_noecrvp", max_size=500))
@settings(max_examples=50)
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        from_genotype(text)
    assert "\n" not in str(caught.value)


def test_a_genotype_is_told_from_a_string() -> None:
    assert is_genotype(PUBLISHED)
    assert is_genotype(" ((")
    assert not is_genotype(to_string(5))
    assert not is_genotype("")
