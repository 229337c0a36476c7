"""The list of a report's figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.report.figures import quality, training
from analysis.report.figures.captioned_figure import CaptionedFigure
from analysis.report.study import Study
from benchmark.errors import InputError


@dataclass(frozen=True)
class FigureRecord:
    """A figure that a report may have."""

    name: str  # of its files
    title: str  # a few words
    draw: Callable[[Study], CaptionedFigure]  # raises MissingError where records lack its data


def _registry(*records: FigureRecord) -> Mapping[str, FigureRecord]:
    named = {record.name: record for record in records}
    if len(named) < len(records):
        raise InputError("two figures share a name: give each its own")
    return MappingProxyType(named)


FIGURES: Mapping[str, FigureRecord] = _registry(
    FigureRecord("overview", "Method × metric", quality.overview),
    FigureRecord("tau-by-seed", "Kendall τ-b by seed", quality.by_seed("kendall_tau")),
    FigureRecord("best-by-seed", "Predicted best by seed", quality.by_seed("predicted_best")),
    FigureRecord("scores", "Predicted against true", quality.scores),
    FigureRecord("tau-over-top", "τ over the top fraction", quality.tau_over_top),
    FigureRecord("precision", "Precision at k", quality.precision),
    FigureRecord("losses", "Loss over budget", training.losses),
    FigureRecord("tau-over-budget", "τ over budget", training.progress("tau")),
    FigureRecord("best-over-budget", "Best found over budget", training.progress("found")),
    FigureRecord("distances", "Gradient distances", training.distances),
    FigureRecord("splits", "Trees of splits", training.trees),
)
"""The figures by name, in the order of a report; a new one is a function and a line here."""
