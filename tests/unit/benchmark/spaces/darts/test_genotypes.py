from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.spaces.texts.lists import read_subset
from tests.unit.benchmark.spaces.darts.naive import (
    CODES,
    OPERATIONS,
    genotype_of,
    genotype_of_text,
    read,
    text_of,
)

SPACE = open_space("darts")
# DARTS_V2 as the published program prints it, quark0/darts, cnn/genotypes.py
DARTS_V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
)


def test_a_published_genotype() -> None:
    code = SPACE.parse(DARTS_V2)
    assert genotype_of(SPACE.decode(code)) == genotype_of_text(DARTS_V2)
    assert SPACE.format(code).startswith(
        "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
        "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), "
        "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=["
    )


@given(CODES)
def test_every_notation_of_a_genotype(code: int) -> None:
    text = SPACE.format(code)
    assert SPACE.parse(text) == code
    genotype = genotype_of_text(text)
    assert genotype == genotype_of(SPACE.decode(code))
    for concat in ("range(2, 6)", "range(2,6)", "[2, 3, 4, 5]", "(2, 3, 4, 5)"):
        assert SPACE.parse(text_of(genotype, swapped=True, concat=concat)) == code
    assert SPACE.parse(f" {text}\n") == code
    assert SPACE.parse(text.replace("'", '"').replace(", ", ",\n  ")) == code
    assert SPACE.parse(text.replace("Genotype(", "genotypes.Genotype(")) == code
    compact = [
        [(source, OPERATIONS.index(name)) for node in cell for source, name in node]
        for cell in read(text)
    ]
    assert SPACE.parse(str(compact)) == code
    assert SPACE.parse(str(tuple(map(tuple, compact)))) == code
    assert SPACE.parse(str(compact).replace("(", "[").replace(")", "]").replace(" ", "")) == code


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("'skip_connect', 0", "'none', 0", "node 4 of normal has operation none"),
        ("'dil_conv_3x3', 2", "'dil_conv_3x3', 5", "node 5 of normal reads node 5: .* 0 to 4"),
        ("'dil_conv_3x3', 2", "'dil_conv_3x3', 0", "both inputs of node 5 of normal are node 0"),
        ("'dil_conv_3x3', 2", "'dil_conv_33', 2", "node 5 of normal .*did you mean 'dil_conv_3x3'"),
        (", ('dil_conv_3x3', 2)", "", "normal has 7 inputs"),
        ("reduce_concat=[2, 3, 4, 5]", "reduce_concat=range(3, 6)", "reduce_concat is .* 2 to 5"),
        ("normal_concat", "concat", r"write Genotype\("),
        ("('dil_conv_3x3', 2)", "('dil_conv_3x3' 2)", r"at \"\('dil_conv_3x3' 2\)\" in normal"),
        ("('dil_conv_3x3', 2)", "__import__('os')", "at .*import.* in normal: write pairs"),
        ("('dil_conv_3x3', 2)", "('dil_conv_3x3', -2)", "in normal: write pairs"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(old: str, new: str, message: str) -> None:
    assert DARTS_V2.count(old) >= 1
    with pytest.raises(InputError, match=message) as error:
        SPACE.parse(DARTS_V2.replace(old, new, 1))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"write Genotype\("),
        ("Genotype()", r"write Genotype\("),
        ("[[(0, 3)], [(1, 2)]]", "compact lists are"),
        (str([[(0, 7)] + [(0, 1)] * 7, [(0, 1)] * 8]), "operation 7 .* 0 max_pool_3x3"),
        (str([[(0, 1)] * 8, [(0, 1)] * 8]), "both inputs of node 2 of normal are node 0"),
        ("Genotype(" * 10_000, "has 90,000 characters"),
    ],
)
def test_other_wrong_texts(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SPACE.parse(text)


@given(st.text(alphabet="Genotyp(normal=[]),'_cat0123 \n", max_size=300))
def test_any_text_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError) as error:
        SPACE.parse(text)
    assert "\n" not in str(error.value)


def test_a_list_of_genotypes_in_a_file(tmp_path: Path) -> None:
    codes = SPACE.sample(5)
    path = tmp_path / "list.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["arch", "cifar10_valid_50"])
        writer.writerows([SPACE.format(int(code)), 90] for code in codes)
    np.testing.assert_array_equal(read_subset(path, SPACE), np.sort(codes))
