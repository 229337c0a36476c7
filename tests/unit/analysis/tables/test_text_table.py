from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.tables import TableCell, TextTable, to_markdown
from analysis.tables.text_table import decimals


def test_markdown_is_aligned_and_escaped() -> None:
    table = TextTable(
        title="Two | three",
        header=("Method", "τ ↑"),
        rows=(
            (TableCell("a|b"), TableCell("0.5")),
            (TableCell("gm"), TableCell("0.75", bold=True)),
        ),
        caption="First.\nSecond.",
    )
    assert to_markdown(table).splitlines() == [
        r"**Two \| three**",
        "",
        r"| Method |      τ ↑ |",
        r"| :----- | -------: |",
        r"| a\|b   |      0.5 |",
        r"| gm     | **0.75** |",
        "",
        "First.  ",
        "Second.",
    ]


@given(st.integers(-100_000, 100_000), st.integers(0, 4), st.floats(-1e-12, 1e-12))
def test_the_last_bits_of_a_number_between_two_texts_do_not_show(
    halves: int, digits: int, noise: float
) -> None:
    number = halves / (2 * 10**digits)
    for seen in (number + noise, np.float64(number), np.float64(number + noise)):
        assert decimals(seen, digits) == decimals(number, digits)


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_decimals_are_those_of_exact_arithmetic(number: float, digits: int) -> None:
    """Away from what lies halfway, where the nearest float decides."""
    exact = Decimal(number)
    step = Decimal(1).scaleb(-digits)
    if abs(abs(exact / step % 1) - Decimal("0.5")) < Decimal("1e-5"):
        return
    expected = f"{exact.quantize(step, ROUND_HALF_EVEN) + 0:.{digits}f}"
    assert decimals(number, digits) == expected


def test_what_is_undefined_stays_so() -> None:
    assert decimals(math.nan, 3) == "nan"
