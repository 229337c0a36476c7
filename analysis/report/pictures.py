"""The figures of a report: each one record that draws it and says in words what it shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import comparison_figure, scores_against_truth_data, style
from analysis.figures.curves import (
    Curves,
    draw_curves,
    limit_key,
    precision_data,
    tau_over_top_data,
)
from analysis.figures.distances import SIGNS, distance_data, distance_figure
from analysis.figures.overview import draw_overview, overview_data
from analysis.figures.seeds import by_seed_data, draw_by_seed
from analysis.figures.spending import (
    draw_losses,
    draw_progress,
    loss_data,
    progress_data,
)
from analysis.figures.style import COLUMN, PAGE_WIDTH
from analysis.figures.tree import draw_tree, tree_data
from analysis.ranking import METRICS
from analysis.report.study import Study, need
from analysis.tables.cells import rounded
from analysis.tables.facts import describe
from benchmark.errors import InputError
from benchmark.space import OPERATIONS
from benchmark.store import RunRecord

LEGEND_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, what must be known to read it, and what it shows to who cannot see it."""

    figure: Figure
    caption: str
    alternative: str


@dataclass(frozen=True)
class PictureRecord:
    """A figure that a report may have.

    Attributes:
        name: Of its files.
        title: What it is about.
        draw: Draws it; raises MissingError where the records do not hold what it needs.
    """

    name: str
    title: str
    draw: Callable[[Study], Picture]


def _scores(study: Study) -> Picture:
    panels = scores_against_truth_data(study.records, study.table, study.key)
    shown = ", ".join(f"{panel.method} {_number(panel.tau)}" for panel in panels)
    return Picture(
        comparison_figure(panels),
        "Predicted against true: how densely architectures lie over score and true accuracy, the "
        "lowest seed of each method. A good ranking rises to the right.",
        f"Densities of architectures over score and true accuracy; Kendall tau: {shown}.",
    )


def _tau_over_top(study: Study) -> Picture:
    data = tau_over_top_data(study.records, study.table, study.key, study.order)
    figure = _curves_figure(data, "Kendall τ-b inside the top", "true best (of all architectures)")
    return Picture(
        figure,
        "Kendall τ-b among the truly best architectures: means over seeds, shaded from "
        f"the lowest to the highest seed. {_ceiling(study)} At the right end τ is that of all "
        "of them; a curve that falls to the left ranks good from bad, but not the best among each "
        "other.",
        f"Tau inside the true best 10 %: {_at(data, 10)}; over all: {_at(data, 100)}.",
    )


def _precision(study: Study) -> Picture:
    data = precision_data(study.records, study.table, study.key, study.order)
    figure = _curves_figure(data, "precision", "predicted best (of all architectures)")
    return Picture(
        figure,
        "Share of the predicted best that is among as many true best: means over seeds, shaded "
        f"from the lowest to the highest seed. {_ceiling(study)} Chance: a random order.",
        f"Precision at 1 %: {_at(data, 1)}; at 10 %: {_at(data, 10)}.",
    )


def _by_seed(metric: str) -> Callable[[Study], Picture]:
    def draw(study: Study) -> Picture:
        data = by_seed_data(study.runs, metric, study.order)
        with style():
            figure, ax = _axes(COLUMN, 0.75 + 0.32 * len(data))
            draw_by_seed(data, ax, metric=metric)
            _arrange(figure)
        digits = 2 if METRICS[metric].unit else 3
        means = ", ".join(f"{one.name} {_number(one.mean, digits)}" for one in data)
        return Picture(
            figure,
            f"{METRICS[metric].title} seed by seed: signs are runs, a tick is the mean, a bar its "
            "95% bootstrap interval over seeds, widened where they are few.",
            f"{METRICS[metric].title} of every run by method; means: {means}.",
        )

    return draw


def _distances(study: Study) -> Picture:
    record = _first(study, lambda one: any("distances" in s for s in one.trace.get("splits", ())))
    need(record is not None, "no run holds gradient distances: run gm")
    assert record is not None
    data = distance_data(record)
    cuts = ", ".join(_cut(split) for split in record.trace["splits"])
    return Picture(
        distance_figure(data),
        f"Gradient distances of {record.method}, seed {record.seed}: a row a supernet that is "
        "split, a column an edge; on the edge that was cut, operations that stay together are "
        f"framed. {_signs()}.",
        f"Matrices of gradient distances between operations on each edge; cuts: {cuts}.",
    )


def _trees(study: Study) -> Picture:
    firsts = [study.of_method(method)[0] for method in study.order]
    found = [record for record in firsts if record.trace.get("splits")]
    need(found, "no run holds a split: run gm or few-shot")
    trees = [tree_data(record) for record in found]
    heights = [sum(not node.edge for node in tree) for tree in trees]
    with style():
        figure = Figure((PAGE_WIDTH, 0.46 * sum(heights) + 0.4 * len(trees)), layout="constrained")
        axes = figure.subplots(len(trees), 1, squeeze=False, height_ratios=heights)[:, 0]
        for record, tree, ax in zip(found, trees, axes, strict=True):
            draw_tree(tree, ax)
            ax.set_title(f"{record.method}, seed {record.seed}", loc="left")
        _arrange(figure)
    cuts = "; ".join(
        f"{record.method} {', '.join(_cut(split) for split in record.trace['splits'])}"
        for record in found
    )
    return Picture(
        figure,
        "Trees of splits, the lowest seed of each method: lines carry the operations that stay on "
        f"the edge that is split. {_signs()}. {_edges_by_seed(study)}",
        f"Trees of sub-supernets; splits: {cuts}.",
    )


def _losses(study: Study) -> Picture:
    firsts = [study.of_method(method)[0] for method in study.order]
    records = [record for record in firsts if record.trace.get("losses")]
    need(records, "no run holds losses: run a method that trains")
    with style():
        figure, ax = _axes(PAGE_WIDTH, 2.5)
        ends = []
        for record in records:
            curves = loss_data(record)
            draw_losses(curves, ax, name=record.method, place=study.order.index(record.method))
            ends.append(f"{record.method} {curves[-1].losses[-1]:.2f}")
        ax.legend(frameon=False)
        _arrange(figure)
    return Picture(
        figure,
        "Training loss over the budget, the lowest seed of each method: a line a supernet, one "
        "after the other as they were trained; where a line ends, training stopped or gradients "
        "were matched. Losses of different supernets average over different architectures.",
        f"Training loss over images spent; last losses: {', '.join(ends)}.",
    )


def _progress(what: str) -> Callable[[Study], Picture]:
    def draw(study: Study) -> Picture:
        data = progress_data(study.records, study.table, study.key, study.order)
        with style():
            figure, ax = _axes(COLUMN, 2.4)
            draw_progress(data, ax, what=what)
            ax.legend(frameon=False)
            _arrange(figure)
        values = [
            (one.name, one.seed, (one.tau if what == "tau" else one.found)[-1]) for one in data
        ]
        last = ", ".join(f"{name} seed {seed} {_number(value)}" for name, seed, value in values)
        name = "Kendall τ-b" if what == "tau" else "True accuracy of the best found"
        return Picture(
            figure,
            f"{name} over the budget, in a fixed sample of architectures, a line a run.",
            f"{name} over images spent; at the end: {last}.",
        )

    return draw


def _overview(study: Study) -> Picture:
    data = overview_data(study.runs, study.order)
    with style():
        figure, ax = _axes(PAGE_WIDTH, 1.35 + 0.24 * len(data.methods))
        draw_overview(data, ax)
        _arrange(figure)
    best = ", ".join(
        f"{METRICS[metric].title} {data.methods[int(column.argmax())]}"
        for metric, column in zip(data.metrics, data.shades.T, strict=True)
        if not math.isnan(column.sum())
    )
    return Picture(
        figure,
        "Every method in every metric: means over seeds; the darker, the better within a column.",
        f"Table of means; the best method in each metric: {best}.",
    )


def _curves_figure(data: Curves, label: str, below: str) -> Figure:
    with style():
        figure, ax = _axes(COLUMN, 2.6)
        draw_curves(data, ax, label=label)
        ax.set_xlabel(below)
        figure.legend(
            loc="outside lower center",
            ncols=LEGEND_COLUMNS,
            frameon=False,
            fontsize="small",
            columnspacing=1,
        )
        _arrange(figure)
    return figure


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure((width, height), layout="constrained")
    return figure, figure.subplots()


def _arrange(figure: Figure) -> None:
    """Lay a figure out once, so that another drawing of it moves nothing."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _first(study: Study, wanted: Callable[[RunRecord], bool]) -> RunRecord | None:
    return next((record for record in study.records if wanted(record)), None)


def _ceiling(study: Study) -> str:
    other = limit_key(study.table, study.key)
    if other is None:
        return (
            f"The table {study.table.name} has no validation accuracy beside this one, so there is "
            "no noise ceiling to draw."
        )
    return f"Noise ceiling: the table's own {describe(other)}, taken as scores."


def _at(data: Curves, top: float) -> str:
    (place,) = (data.tops == top).nonzero()[0]
    return ", ".join(f"{curve.name} {_number(curve.mean[place])}" for curve in data.curves)


def _cut(split: Mapping[str, object]) -> str:
    groups = split["groups"]
    assert isinstance(groups, list)
    return f"{split['node']} on {split['edge']} into {' | '.join(', '.join(g) for g in groups)}"


def _signs() -> str:
    return ", ".join(f"{sign}: {name}" for sign, name in zip(SIGNS, OPERATIONS, strict=True))


def _edges_by_seed(study: Study) -> str:
    chosen = [
        f"{record.method} {record.seed}: {record.trace['splits'][0]['edge']}"
        for record in study.records
        if any("distances" in split for split in record.trace.get("splits", ()))
    ]
    return f"First edge by seed: {', '.join(chosen)}." if chosen else ""


def _number(value: float, digits: int = 3) -> str:
    return "undefined" if math.isnan(value) else rounded(float(value), digits)


def _registry(records: Iterable[PictureRecord]) -> Mapping[str, PictureRecord]:
    known: dict[str, PictureRecord] = {}
    for record in records:
        if record.name in known:
            raise InputError(f"two figures are called {record.name}: give each its own name")
        known[record.name] = record
    return MappingProxyType(known)


PICTURES: Mapping[str, PictureRecord] = _registry(
    (
        PictureRecord("overview", "Method × metric", _overview),
        PictureRecord("tau-by-seed", "Kendall τ-b by seed", _by_seed("kendall_tau")),
        PictureRecord("best-by-seed", "Predicted best by seed", _by_seed("predicted_best")),
        PictureRecord("scores", "Predicted against true", _scores),
        PictureRecord("tau-over-top", "τ over the top fraction", _tau_over_top),
        PictureRecord("precision", "Precision at k", _precision),
        PictureRecord("losses", "Loss over spent budget", _losses),
        PictureRecord("tau-over-budget", "τ over spent budget", _progress("tau")),
        PictureRecord("best-over-budget", "Best found over spent budget", _progress("found")),
        PictureRecord("distances", "Gradient distances", _distances),
        PictureRecord("splits", "Trees of splits", _trees),
    )
)
"""The figures by name, in the order of a report; a new one is a function and a line here."""
