from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import (
    Panel,
    comparison_figure,
    draw_scores_against_truth,
    save_figure,
    window,
)
from benchmark.errors import InputError

MakePanel = Callable[..., Panel]


def test_a_panel_counts_every_architecture_inside(make_panel: MakePanel) -> None:
    panel = make_panel()
    ax = Figure().subplots()
    assert draw_scores_against_truth(panel, ax) is ax
    inside = int(window(panel).inside.sum())
    (hexagons,) = ax.collections
    assert np.sum(np.asarray(hexagons.get_array())) == inside
    assert ax.texts[0].get_text() == f"{500 - inside} not shown"
    assert ax.get_title() == "gm, seed 0, τ = 0.50"
    assert ax.get_xlabel() == "score (higher is better)"
    assert ax.get_ylabel() == "true test accuracy (%)\nCIFAR-10, 200 epochs"


@pytest.mark.parametrize("score", [0.0, 3.0, -1e20, 1e-300])
def test_equal_scores_can_be_drawn(make_panel: MakePanel, tmp_path: Path, score: float) -> None:
    panel = make_panel(scores=np.full(500, score), tau=math.nan)
    figure = comparison_figure([panel])
    save_figure(figure, tmp_path / "equal.png")
    assert figure.axes[0].get_title() == "gm, seed 0, τ = undefined"


@pytest.mark.parametrize(
    ("disconnected", "note"),
    [
        (20, "Not shown: 20 disconnected architectures, and of the others the lowest 0.5%"),
        (0, "Not shown: the lowest 0.5% by score"),
        (500, "Not shown: the lowest 0.5% by score"),
    ],
)
def test_the_note_says_what_is_not_shown(
    make_panel: MakePanel, disconnected: int, note: str
) -> None:
    panel = make_panel(connected=np.arange(500) >= disconnected)
    label = comparison_figure([panel]).get_supxlabel()
    assert label.startswith("score (higher is better)")
    assert note in label.replace("\n", " ")


def panels_of(figure: Figure) -> list[Axes]:
    return [ax for ax in figure.axes if ax.get_title()]


@pytest.mark.parametrize("number", [1, 3, 5, 7])
def test_the_grid_has_no_leftovers(make_panel: MakePanel, number: int) -> None:
    figure = comparison_figure([make_panel(f"m{i}", 60) for i in range(number)])
    panels = panels_of(figure)
    assert [ax.get_title().split(",")[0] for ax in panels] == [f"m{i}" for i in range(number)]
    assert len(figure.axes) == number + 1  # and the scale of colours
    rows = defaultdict(list)
    for ax in panels:
        rows[round(ax.get_position().y0, 2)].append(ax.get_position())
    middles = [(row[0].x0 + row[-1].x1) / 2 for row in rows.values()]
    assert middles == pytest.approx([middles[0]] * len(rows), abs=0.02)
    assert max(map(len, rows.values())) <= 3


def test_a_colour_means_one_count_in_all_panels(make_panel: MakePanel) -> None:
    figure = comparison_figure([make_panel(size=size) for size in (60, 5_000)])
    norms = [ax.collections[0].norm for ax in panels_of(figure)]
    most = max(float(np.max(np.asarray(ax.collections[0].get_array()))) for ax in panels_of(figure))
    assert [(norm.vmin, norm.vmax) for norm in norms] == [(1, most)] * 2


def test_no_panel_is_an_error() -> None:
    with pytest.raises(InputError, match="no panel to draw"):
        comparison_figure([])
