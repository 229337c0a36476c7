"""Cells of a paper's tables: mean ± standard deviation, best bold, second underlined."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.tables.text_table import TableCell, decimals

UNDEFINED = "–"


class Values(NamedTuple):
    """The numbers behind one cell."""

    runs: tuple[float, ...]  # one per run, NaN where undefined; empty for an empty cell
    records: tuple[str, ...] = ()  # names of the runs' records, in the same order
    std: float | None = None  # standard deviation where it does not follow from ``runs``
    mark: str = ""  # text after the number
    competes: bool = True  # whether it may be marked as the best of its column

    @property
    def mean(self) -> float:
        """Mean over the runs; NaN without any, or where one is."""
        return float(np.mean(self.runs)) if self.runs else math.nan

    @property
    def spread(self) -> float:
        """Standard deviation with n - 1 in the denominator; NaN of one run."""
        if self.std is not None:
            return self.std
        return float(np.std(self.runs, ddof=1)) if len(self.runs) > 1 else math.nan


def column_cells(
    values: Sequence[Values], *, digits: int, higher_is_better: bool = True
) -> list[TableCell]:
    """Return the cells of one column: the best mean is bold, the second best underlined.

    Equal means are marked alike.
    """
    means = {one.mean for one in values if one.competes and not math.isnan(one.mean)}
    falling = sorted(means, reverse=higher_is_better)
    best, second = ([*falling[:2], None, None])[:2]
    return [
        TableCell(
            _text(one, digits),
            bold=one.competes and one.mean == best,
            underlined=one.competes and one.mean == second,
            value=None if math.isnan(one.mean) else one.mean,
            records=one.records,
        )
        for one in values
    ]


def rounded(number: float, digits: int) -> str:
    """Return a number with so many decimals and a typographic minus sign, none before a zero."""
    return decimals(number, digits).replace("-", "−")


def number_cell(number: float, digits: int, records: tuple[str, ...] = ()) -> TableCell:
    """Return a cell that holds a number, a dash for NaN."""
    if math.isnan(number):
        return TableCell(UNDEFINED)
    return TableCell(rounded(number, digits), value=number, records=records)


def _text(values: Values, digits: int) -> str:
    if math.isnan(values.mean):
        return UNDEFINED
    text = rounded(values.mean, digits)
    if not math.isnan(values.spread):
        text += f" ± {rounded(values.spread, digits)}"
    return f"{text} {values.mark}" if values.mark else text
