"""The list of a report's figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.report.pictures import inside, quality
from analysis.report.pictures.picture import Picture
from analysis.report.study import Study
from benchmark.errors import InputError


@dataclass(frozen=True)
class PictureRecord:
    """A figure that a report may have."""

    name: str  # of its files
    title: str  # a few words
    # draws it; raises MissingError where the records lack what it needs
    draw: Callable[[Study], Picture]


def _registry(*records: PictureRecord) -> Mapping[str, PictureRecord]:
    named = {record.name: record for record in records}
    if len(named) < len(records):
        raise InputError("two figures share a name: give each its own")
    return MappingProxyType(named)


PICTURES: Mapping[str, PictureRecord] = _registry(
    PictureRecord("overview", "Method × metric", quality.overview),
    PictureRecord("tau-by-seed", "Kendall τ-b by seed", quality.by_seed("kendall_tau")),
    PictureRecord("best-by-seed", "Predicted best by seed", quality.by_seed("predicted_best")),
    PictureRecord("scores", "Predicted against true", quality.scores),
    PictureRecord("tau-over-top", "τ over the top fraction", quality.tau_over_top),
    PictureRecord("precision", "Precision at k", quality.precision),
    PictureRecord("losses", "Loss over budget", inside.losses),
    PictureRecord("tau-over-budget", "τ over budget", inside.progress("tau")),
    PictureRecord("best-over-budget", "Best found over budget", inside.progress("found")),
    PictureRecord("distances", "Gradient distances", inside.distances),
    PictureRecord("splits", "Trees of splits", inside.trees),
)
"""The figures by name, in the order of a report; a new one is a function and a line here."""
