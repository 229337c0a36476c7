"""The table of intervals: how far other seeds, and other architectures, could move a ranking."""

import math

import numpy as np
import pandas as pd

from analysis.metrics.ranking import METRICS, kendall_tau
from analysis.report.study import Study
from analysis.report.tables.shared import EMPTY, BuiltTable, count_cell, record_names, row_name
from analysis.statistics.intervals import Interval
from analysis.statistics.resampling import bootstrap_architectures
from analysis.tables import TableCell, TextTable, summarise_methods
from analysis.tables.cells import UNDEFINED, number_cell, rounded
from analysis.tables.evaluation import BOOTSTRAP_SEED, CONFIDENCE

METRIC = METRICS["kendall_tau"]
RESAMPLES, DRAWN = 200, 1_000  # of architectures; more would take longer than they are worth


def interval_table(study: Study) -> BuiltTable:
    """Return Kendall's tau of every method with its intervals over seeds and architectures."""
    summary = summarise_methods(study.runs, study.order).set_index("method")
    rows, numbers = [], []
    for method in study.order:
        columns = [f"{METRIC.name}_{part}" for part in ("mean", "low", "high")]
        mean, low, high = map(float, np.asarray(summary.loc[method, columns], np.float64))
        over = _over_architectures(study, method)
        records = record_names(study, method)
        rows.append(
            (
                TableCell(row_name(study, method)),
                count_cell(len(records)),
                number_cell(mean, METRIC.digits, records),
                _interval_cell(Interval(low, high), records),
                _interval_cell(over, records),
            )
        )
        numbers.append(
            {
                "method": method,
                "runs": len(records),
                "table": study.table.name,
                "accuracy": str(study.key),
                "kendall_tau": mean,
                "seeds_low": low,
                "seeds_high": high,
                "architectures_low": over.low,
                "architectures_high": over.high,
                "records": " ".join(records),
            }
        )
    size = len(study.table)
    shown = TextTable(
        title="Intervals of Kendall τ-b",
        header=("Method", "Seeds", "τ-b ↑", "over seeds", "over architectures"),
        rows=tuple(rows),
        caption="\n".join(
            [
                study.context.truth_line,
                f"{CONFIDENCE:.0%} bootstrap intervals. Over seeds: of the mean, widened for few "
                f"seeds, clipped to −1 and 1, {UNDEFINED} for one seed. Over architectures: of the "
                f"mean over the same runs, from {RESAMPLES} resamples of {min(DRAWN, size):,} "
                f"architectures, shrunk to the {size:,} that are compared.",
                "The first says how far another training could move τ, the second how far another "
                "choice of architectures could; neither includes the other.",
            ]
        ),
    )
    return BuiltTable(shown, pd.DataFrame(numbers))


def _over_architectures(study: Study, method: str) -> Interval:
    codes = study.table.codes
    if len(codes) < 2:
        return Interval(math.nan, math.nan)
    return bootstrap_architectures(
        kendall_tau,
        np.array([record.scores_of(codes) for record in study.of_method(method)]),
        study.table.accuracy(study.key),
        np.random.default_rng(BOOTSTRAP_SEED),
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        size=min(DRAWN, len(codes)),
    )


def _interval_cell(interval: Interval, records: tuple[str, ...]) -> TableCell:
    if math.isnan(interval.low) or math.isnan(interval.high):
        return EMPTY
    low, high = (rounded(end, METRIC.digits) for end in (interval.low, interval.high))
    return TableCell(f"[{low}, {high}]", value=interval.low, records=records)
