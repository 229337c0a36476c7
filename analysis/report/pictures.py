"""The figures of a report: each one record that draws it and says in words what it shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matplotlib.figure import Figure

from analysis.figures import comparison_figure, scores_against_truth_data, style
from analysis.figures.curves import (
    CurvesData,
    draw_curves,
    precision_data,
    tau_over_top_data,
)
from analysis.figures.overview import draw_overview, overview_data
from analysis.figures.seeds import by_seed_data, draw_by_seed
from analysis.figures.style import COLUMN, PAGE_WIDTH
from analysis.metrics.ranking import METRICS
from analysis.report.page.picture import Picture, arrange, legend_below, new_axes, number_text
from analysis.report.study import Study
from analysis.report.tables.inside import (
    distances_picture,
    losses_picture,
    progress_picture,
    trees_picture,
)
from analysis.report.tables.limits import limit_of, limit_text, validation_text
from benchmark.errors import InputError


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
    shown = ", ".join(f"{panel.method} {number_text(panel.tau)}" for panel in panels)
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
        f"the lowest to the highest seed. {validation_text(study)}{limit_text(study)} At the right "
        "end τ is that of all of them, and there alone the ceiling holds; a curve that falls to "
        "the left ranks good from bad, but not the best among each other.",
        f"Tau inside the true best 10 %: {_at(data, 10)}; over all: {_at(data, 100)}.",
    )


def _precision(study: Study) -> Picture:
    data = precision_data(study.records, study.table, study.key, study.order)
    figure = _curves_figure(data, "precision", "predicted best (of all architectures)")
    return Picture(
        figure,
        "Share of the predicted best that is among as many true best: means over seeds, shaded "
        f"from the lowest to the highest seed. {validation_text(study)} Chance: a random order.",
        f"Precision at 1 %: {_at(data, 1)}; at 10 %: {_at(data, 10)}.",
    )


def _by_seed(metric: str) -> Callable[[Study], Picture]:
    def draw(study: Study) -> Picture:
        data = by_seed_data(study.runs, metric, study.order)
        is_tau = metric == "kendall_tau"
        with style():
            figure, ax = new_axes(COLUMN, 0.75 + 0.32 * len(data))
            draw_by_seed(data, ax, metric=metric, limit=limit_of(study) if is_tau else None)
            arrange(figure)
        digits = 2 if METRICS[metric].unit else 3
        means = ", ".join(f"{one.name} {number_text(one.mean, digits)}" for one in data)
        return Picture(
            figure,
            f"{METRICS[metric].title} seed by seed: signs are runs, a tick is the mean, a bar its "
            "95% bootstrap interval over seeds, widened where they are few."
            + (limit_text(study) if is_tau else ""),
            f"{METRICS[metric].title} of every run by method; means: {means}.",
        )

    return draw


def _overview(study: Study) -> Picture:
    data = overview_data(study.runs, study.order)
    with style():
        figure, ax = new_axes(PAGE_WIDTH, 1.35 + 0.24 * len(data.methods))
        draw_overview(data, ax)
        arrange(figure)
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


def _curves_figure(data: CurvesData, label: str, below: str) -> Figure:
    with style():
        figure, ax = new_axes(COLUMN, 2.6)
        draw_curves(data, ax, label=label)
        ax.set_xlabel(below)
        legend_below(figure)
        arrange(figure)
    return figure


def _at(data: CurvesData, top: float) -> str:
    (place,) = (data.tops == top).nonzero()[0]
    return ", ".join(f"{curve.name} {number_text(curve.mean[place])}" for curve in data.curves)


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
        PictureRecord("losses", "Loss over budget", losses_picture),
        PictureRecord("tau-over-budget", "τ over budget", progress_picture("tau")),
        PictureRecord("best-over-budget", "Best found over budget", progress_picture("found")),
        PictureRecord("distances", "Gradient distances", distances_picture),
        PictureRecord("splits", "Trees of splits", trees_picture),
    )
)
"""The figures by name, in the order of a report; a new one is a function and a line here."""
