from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pytest

from analysis.figures.distance_grid import Shown, distance_figure, distance_grid
from analysis.figures.distances import DistanceMatrix
from tests.unit.analysis.report.drawn import check_apart, check_legible


def matrices(
    decisions: int, splits: Sequence[int], options: int = 3
) -> tuple[list[DistanceMatrix], Mapping[str, str]]:
    """Return the matrices of splits, each of one decision, in which all others were matched."""
    names = tuple(f"o{place}" for place in range(options))
    found = [
        DistanceMatrix(
            f"root.{number}",
            f"layer {decision}",
            names,
            1 - np.eye(options),
            (1, options - 1) if decision == split else (),
        )
        for number, split in enumerate(splits)
        for decision in range(decisions)
    ]
    return found, {name: name for name in names}


@pytest.mark.parametrize(
    ("decisions", "splits", "options", "shown", "lines"),
    [
        (6, [0], 5, Shown.ALL, 1),
        (6, [3, 0, 5], 5, Shown.ALL, 3),
        (8, [3, 0, 5], 3, Shown.ALL, 3),
        (8, range(7), 3, Shown.ALL, 7),
        (8, [*range(8)] * 2, 3, Shown.CUT, 2),
        (21, [2, 9, 9], 7, Shown.SPLIT, 3),
        (21, [0, 1, 2, 3, 4, 5, 6], 7, Shown.CUT, 2),
        (34, [0], 7, Shown.SPLIT, 1),
        (34, [7, 8, 8, 9, 9], 7, Shown.SPLIT, 5),
        (21, [1] * 31, 7, Shown.CUT, 7),
    ],
)
def test_as_many_matrices_are_shown_as_fit_a_page(
    decisions: int, splits: Sequence[int], options: int, shown: Shown, lines: int
) -> None:
    data, signs = matrices(decisions, splits, options)
    grid = distance_grid(data, signs)
    assert (grid.shown, grid.lines) == (shown, lines)
    expected = {
        Shown.ALL: data,
        Shown.SPLIT: [one for one in data if int(one.decision.split()[1]) in set(splits)],
        Shown.CUT: [one for one in data if one.cuts],
    }[shown]
    assert [one.matrix for one in grid.placed] == expected
    places = [(one.line, one.column) for one in grid.placed]
    assert len(set(places)) == len(places)
    assert all(line < grid.lines and column < grid.columns for line, column in places)


def test_a_decision_keeps_its_column_and_a_split_its_line() -> None:
    data, signs = matrices(8, [3, 0, 5])
    grid = distance_grid(data, signs)
    for one, other in combinations(grid.placed, 2):
        assert (one.column == other.column) == (one.matrix.decision == other.matrix.decision)
        assert (one.line == other.line) == (one.matrix.node == other.matrix.node)
    assert grid.node_lines == {"root.0": 0, "root.1": 1, "root.2": 2}


def test_without_a_cut_all_are_shown_however_many() -> None:
    data, signs = matrices(30, [99] * 9)
    grid = distance_grid(data, signs)
    assert grid.shown == Shown.ALL
    assert grid.lines == 9 * 3


@pytest.mark.parametrize(
    ("decisions", "splits", "options"), [(8, range(3), 3), (34, [33, 1], 10), (21, range(7), 7)]
)
def test_a_full_page_can_be_read(decisions: int, splits: Sequence[int], options: int) -> None:
    data, signs = matrices(decisions, splits, options)
    figure = distance_figure(data, signs)
    check_legible(figure)
    check_apart(figure)
