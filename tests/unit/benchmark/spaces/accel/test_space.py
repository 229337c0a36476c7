from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from tests.unit.benchmark.spaces.nb201.test_space import levenshtein

SPACE = open_space("accel")
FILE = "accel-nasbench/accel_nasbench_imagenet.csv"
TEXT = "e6466611-k3535533-l1233222-se0000000"


def digits(*options: str) -> st.SearchStrategy[str]:
    """Return a digit for each stage, of the options of each."""
    return st.tuples(*map(st.sampled_from, options)).map("".join)


ARCHITECTURES = st.tuples(
    digits(*["146"] * 7),
    digits(*["35"] * 7),
    digits(*["123"] * 5, "1234", "123"),
    digits(*["01"] * 7),
)


def test_each_stage_decides_four_things() -> None:
    names = [decision.name for decision in SPACE.decisions]
    assert names == [
        f"stage{stage}.{kind}" for stage in range(1, 8) for kind in ("e", "k", "l", "se")
    ]
    assert SPACE.size == 3**7 * 2**7 * (3**6 * 4) * 2**7 == 104_485_552_128
    assert not SPACE.is_enumerable


@given(ARCHITECTURES)
def test_columns_and_texts_are_the_same(columns: tuple[str, str, str, str]) -> None:
    e, k, l, se = columns  # noqa: E741 - the file's names
    text = f"e{e}-k{k}-l{l}-se{se}"
    code = SPACE.parse(text)
    assert SPACE.format(code) == text
    assert SPACE.parse(",".join(columns)) == code
    choices = SPACE.decode(code).reshape(7, 4).tolist()
    options = [decision.options for decision in SPACE.decisions]
    for stage, chosen in enumerate(choices):
        found = [options[4 * stage + kind][choice] for kind, choice in enumerate(chosen)]
        assert found == [e[stage], k[stage], l[stage], se[stage]]


def test_every_architecture_is_another_network() -> None:
    codes = np.arange(0, SPACE.size, SPACE.size // 1000)
    np.testing.assert_array_equal(SPACE.canonical(codes), codes)
    np.testing.assert_array_equal(SPACE.network(codes), codes)


def test_the_rows_of_the_file_are_architectures(shared: Path) -> None:
    with (shared / FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    codes = SPACE.to_codes([",".join(row[kind] for kind in ("e", "k", "l", "se")) for row in rows])
    assert len(codes) == 5_138
    assert len(np.unique(codes)) == 5_125


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT + "0",
        TEXT[:-1],
        TEXT.replace("-", ""),
        TEXT.replace("e64", "e54"),
        TEXT.upper(),
        TEXT + "\n",
        "6466611,3535533,1233222",
        "6466611,3535533,1233222,0000000,",
        "6466611,3535533,4233222,0000000",
        TEXT.replace("6", "٦"),
    ],
)
def test_other_texts_are_refused_with_the_nearest(text: str) -> None:
    with pytest.raises(InputError, match="not an architecture") as caught:
        SPACE.parse(text)
    nearest = str(caught.value).rpartition("the nearest is ")[2].strip("'")
    assert SPACE.format(SPACE.parse(nearest)) == nearest
    others = [
        SPACE.format(code)
        for code in np.random.default_rng(0).integers(SPACE.size, size=200).tolist()
    ]
    if "," not in text:
        assert levenshtein(text, nearest) <= min(
            levenshtein(text, other) for other in [TEXT, *others]
        )
