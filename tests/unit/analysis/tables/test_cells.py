from __future__ import annotations

import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from analysis.tables.cells import Values, column_cells


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), max_size=6), st.booleans())
def test_the_best_two_means_stand_out(rows: list[list[int]], higher: bool) -> None:
    means = [statistics.fmean(row) for row in rows]
    best = sorted(set(means), reverse=higher)[:2]
    cells = column_cells(
        [Values(tuple(map(float, row))) for row in rows], digits=2, higher_is_better=higher
    )
    for mean, cell in zip(means, cells, strict=True):
        assert cell.bold == (mean == best[0])
        assert cell.underlined == (len(best) > 1 and mean == best[1])
        assert cell.value == mean


def test_what_is_undefined_competes_for_nothing() -> None:
    rows = [Values((0.5, math.nan), ("a", "b")), Values(()), Values((0.25,), mark="*")]
    cells = column_cells(rows, digits=3)
    assert [cell.text for cell in cells] == ["–", "–", "0.250 *"]
    assert [cell.bold for cell in cells] == [False, False, True]
    assert cells[0].value is None
    assert cells[0].records == ("a", "b")


def test_spread_is_of_a_sample_or_as_published() -> None:
    ours, theirs = column_cells([Values((-1.0, -2.0)), Values((0.6,), std=0.01)], digits=2)
    assert [ours.text, theirs.text] == ["−1.50 ± 0.71", "0.60 ± 0.01"]
