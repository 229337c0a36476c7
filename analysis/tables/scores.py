"""The table of scored predictions: one row per file."""

import math
from collections.abc import Sequence
from pathlib import Path

from analysis.metrics.ranking import METRICS, Metric, metric_named
from analysis.metrics.scoring import Score, same_architectures
from analysis.tables.captions import describe
from analysis.tables.cells import UNDEFINED
from analysis.tables.comparison_tables import TIES
from analysis.tables.text_table import TableCell, TextTable, decimals
from benchmark.truth import TruthTable


def scores_table(
    scores: Sequence[Score], table: TruthTable, *, metrics: Sequence[str] = tuple(METRICS)
) -> TextTable:
    """Return a table of files' scores, all against one accuracy of one table.

    The best of each metric is bold where the files score the same architectures.
    """
    shown = [metric_named(name) for name in metrics]
    mark = len(scores) > 1 and same_architectures(scores)
    paths = [score.predictions.file for score in scores]
    names = [Path(path).name for path in paths]
    columns = [
        [TableCell(name) for name in (names if len(set(names)) == len(names) else paths)],
        [TableCell(f"{len(score.codes):,}") for score in scores],
        *(_cells(scores, metric, mark=mark) for metric in shown),
    ]
    caption = [
        f"Truth: {describe(scores[0].key)}; table {table.name}: {table.description}.",
        f"{TIES}; {UNDEFINED} where a metric is undefined.",
        "Arrows point to the better side." + (" Bold: the best." if mark else ""),
    ]
    return TextTable(
        title="Ranking quality",
        header=("File", "Architectures", *(metric.heading for metric in shown)),
        rows=tuple(zip(*columns, strict=True)),
        caption="\n".join(caption),
    )


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
