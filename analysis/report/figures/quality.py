"""Figures of ranking quality: overview, runs by seed, scores, and curves over the top."""

import math
from collections.abc import Callable

from matplotlib.figure import Figure

from analysis.figures import comparison_figure, scores_against_truth_data, style
from analysis.figures.curves import CurvesData, draw_curves, precision_data, tau_over_top_data
from analysis.figures.overview import draw_overview, overview_data
from analysis.figures.seeds import by_seed_data, draw_by_seed
from analysis.figures.style import COLUMN, PAGE_WIDTH
from analysis.metrics.ranking import METRICS
from analysis.report.figures.captioned_figure import (
    CaptionedFigure,
    fix_layout,
    legend_below,
    limit_of,
    limit_text,
    new_axes,
    number_text,
    validation_text,
)
from analysis.report.study import Study


def scores(study: Study) -> CaptionedFigure:
    """Draw predicted scores against true accuracies, the lowest seed of each method."""
    panels = scores_against_truth_data(study.records, study.table, study.key)
    shown = ", ".join(f"{panel.method} {number_text(panel.tau)}" for panel in panels)
    return CaptionedFigure(
        comparison_figure(panels),
        "Density of architectures over score and true accuracy, for the lowest seed of each "
        "method. A good ranking rises to the right.",
        f"Densities of architectures over score and true accuracy; Kendall tau: {shown}.",
    )


def tau_over_top(study: Study) -> CaptionedFigure:
    """Draw tau inside the true top over its size."""
    data = tau_over_top_data(study.records, study.table, study.key, study.order)
    figure = _curves_figure(data, "Kendall τ-b inside the top", "true best (of all architectures)")
    return CaptionedFigure(
        figure,
        "Kendall τ-b among the truly best architectures: means over seeds, shaded from "
        f"the lowest to the highest seed. {validation_text(study)}{limit_text(study)} At the right "
        "end τ is that of all architectures, and only there the ceiling applies; a curve that "
        "falls to the left separates good from bad, but does not rank the best among each other.",
        f"Tau inside the true best 10 %: {_at(data, 10)}; over all: {_at(data, 100)}.",
    )


def precision(study: Study) -> CaptionedFigure:
    """Draw precision at k over k."""
    data = precision_data(study.records, study.table, study.key, study.order)
    figure = _curves_figure(data, "precision", "predicted best (of all architectures)")
    return CaptionedFigure(
        figure,
        "Share of the predicted best that are among as many true best: means over seeds, shaded "
        f"from the lowest to the highest seed. {validation_text(study)} Chance: a random order.",
        f"Precision at 1 %: {_at(data, 1)}; at 10 %: {_at(data, 10)}.",
    )


def by_seed(metric: str) -> Callable[[Study], CaptionedFigure]:
    """Return the function that draws a metric of every run."""

    def draw(study: Study) -> CaptionedFigure:
        data = by_seed_data(study.runs, metric, study.order)
        is_tau = metric == "kendall_tau"
        with style():
            figure, ax = new_axes(COLUMN, 0.75 + 0.32 * len(data))
            draw_by_seed(data, ax, metric=metric, limit=limit_of(study) if is_tau else None)
            fix_layout(figure)
        digits = METRICS[metric].digits
        means = ", ".join(f"{one.name} {number_text(one.mean, digits)}" for one in data)
        return CaptionedFigure(
            figure,
            f"{METRICS[metric].title} of every run: markers are runs, a tick is the mean, a bar "
            "its 95% bootstrap interval over seeds, widened for few seeds."
            + (limit_text(study) if is_tau else ""),
            f"{METRICS[metric].title} of every run by method; means: {means}.",
        )

    return draw


def overview(study: Study) -> CaptionedFigure:
    """Draw the means of all methods in all metrics."""
    data = overview_data(study.runs, study.order)
    with style():
        figure, ax = new_axes(PAGE_WIDTH, 1.35 + 0.24 * len(data.methods))
        draw_overview(data, ax)
        fix_layout(figure)
    best = ", ".join(
        f"{METRICS[metric].title} {data.methods[int(column.argmax())]}"
        for metric, column in zip(data.metrics, data.shades.T, strict=True)
        if not math.isnan(column.sum())
    )
    return CaptionedFigure(
        figure,
        "Every method in every metric: means over seeds; darker is better within a column.",
        f"Table of means; the best method in each metric: {best}.",
    )


def _curves_figure(data: CurvesData, label: str, below: str) -> Figure:
    with style():
        figure, ax = new_axes(COLUMN, 2.6)
        draw_curves(data, ax, label=label)
        ax.set_xlabel(below)
        legend_below(figure)
        fix_layout(figure)
    return figure


def _at(data: CurvesData, top: float) -> str:
    (place,) = (data.tops == top).nonzero()[0]
    return ", ".join(f"{curve.name} {number_text(curve.mean[place])}" for curve in data.curves)
