"""The table of scored predictions: one row a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from analysis.metrics.ranking import METRICS, Metric
from analysis.metrics.scoring import Score, same_architectures
from analysis.tables.facts import describe
from analysis.tables.presentation import UNDEFINED, chosen_metrics, heading
from analysis.tables.text import TableCell, TextTable, decimals
from benchmark.truth import TruthTable


def scores_table(
    scores: Sequence[Score], table: TruthTable, *, metrics: Sequence[str] = tuple(METRICS)
) -> TextTable:
    """Present the scores of files.

    Args:
        scores: Of at least one file, all against one accuracy of one table.
        table: That table.
        metrics: Which metrics, in the order of columns.

    Returns:
        One row a file; the best of each metric is bold where the files can be compared.

    Raises:
        InputError: There is no metric of such a name.
    """
    shown = chosen_metrics(metrics)
    mark = len(scores) > 1 and same_architectures(scores)
    columns = [
        [TableCell(name) for name in _names(scores)],
        [TableCell(f"{len(score.codes):,}") for score in scores],
        *(_cells(scores, metric, mark=mark) for metric in shown),
    ]
    caption = [
        f"Truth: {describe(scores[0].key)}; table {table.name}: {table.description}.",
        "Ties: τ is τ-b, ρ takes average ranks, other metrics are expectations over random order "
        f"among equals; {UNDEFINED} where a metric is undefined.",
        "Arrows point to the better side." + (" Bold: the best." if mark else ""),
    ]
    return TextTable(
        title="Ranking quality",
        header=("File", "Architectures", *map(heading, shown)),
        rows=tuple(zip(*columns, strict=True)),
        caption="\n".join(caption),
    )


def _names(scores: Sequence[Score]) -> list[str]:
    """Return what to call the files: their names alone where no two are the same."""
    paths = [score.predictions.file for score in scores]
    names = [Path(path).name for path in paths]
    return names if len(set(names)) == len(names) else paths


def _cells(scores: Sequence[Score], metric: Metric, *, mark: bool) -> list[TableCell]:
    values = [metric.of(score.metrics) for score in scores]
    better = max if metric.higher_is_better else min
    best = better((value for value in values if not math.isnan(value)), default=math.nan)
    digits = 2 if metric.unit else 4  # τ as papers quote it
    return [
        TableCell(
            UNDEFINED if math.isnan(value) else decimals(value, digits), bold=mark and value == best
        )
        for value in values
    ]
