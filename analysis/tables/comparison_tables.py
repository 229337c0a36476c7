"""The two tables of a comparison: how well each method ranks, and what it spent."""

import math
from collections.abc import Collection, Sequence

import pandas as pd

from analysis.metrics.ranking import METRICS, Metric, metric_named
from analysis.tables.captions import ComparisonContext
from analysis.tables.cells import UNDEFINED
from analysis.tables.evaluation import CONFIDENCE, by_method, column
from analysis.tables.text_table import TableCell, TextTable, decimals
from benchmark.budget import Spending

TIES = (
    "Ties: τ is τ-b, ρ takes average ranks, other metrics are expectations over random order "
    "among equals"
)


def ranking_table(
    summary: pd.DataFrame,
    context: ComparisonContext,
    *,
    metrics: Sequence[str] = tuple(METRICS),
    references: Collection[str] = (),
) -> TextTable:
    """Return a table of the metrics of every method; the best mean of each metric is bold."""
    shown = [metric_named(name) for name in metrics]
    names = [f"{name} †" if name in references else name for name in summary["method"]]
    columns = [
        [TableCell(name) for name in names],
        [TableCell(str(runs)) for runs in summary["runs"]],
        *(_metric_cells(summary, metric) for metric in shown),
    ]
    bold = "Bold: the best mean"
    if names != list(summary["method"]):
        bold = "†: a reference that trains nothing. Bold: the best mean, references included"
    caption = [
        context.truth_line,
        context.size_line,
        context.runs_line,
        f"Cells: mean ± standard deviation over seeds [{CONFIDENCE:.0%} bootstrap interval of the "
        "mean, widened for few seeds and clipped to the metric's range]; of one seed the value "
        f"alone; {UNDEFINED} where a run leaves the metric undefined.",
        f"{TIES}.",
        f"Arrows point to the better side. {bold}.",
        *context.warnings,
    ]
    return TextTable(
        title="Ranking quality",
        header=("Method", "Seeds", *(metric.heading for metric in shown)),
        rows=tuple(zip(*columns, strict=True)),
        caption="\n".join(caption),
    )


def budget_table(runs: pd.DataFrame, context: ComparisonContext, order: Sequence[str]) -> TextTable:
    """Return a table of what every method spent: means over its seeds, one row per method."""
    caption = [
        context.runs_line,
        "Budget and spending: images passed forward and backward; percentages are shares of Spent.",
        "Scored: images passed forward only, to score architectures; not part of the budget.",
        f"All but Seeds are means over seeds; {UNDEFINED} where the share or time is undefined.",
    ]
    return TextTable(
        title="Budget",
        header=(
            "Method",
            "Seeds",
            "Budget (images)",
            "Spent",
            *(kind.value.capitalize() for kind in Spending),
            "Scored",
            "Wall time (s)",
        ),
        rows=tuple(_budget_row(method, frame) for method, frame in by_method(runs, order)),
        caption="\n".join(caption),
    )


def _metric_cells(summary: pd.DataFrame, metric: Metric) -> list[TableCell]:
    means = summary[f"{metric.name}_mean"]
    best = means.max() if metric.higher_is_better else means.min()
    parts = [summary[f"{metric.name}_{part}"] for part in ("mean", "std", "low", "high")]
    return [
        TableCell(_text(*numbers, digits=metric.digits), bold=numbers[0] == best)
        for numbers in zip(*parts, strict=True)
    ]


def _text(mean: float, std: float, low: float, high: float, *, digits: int) -> str:
    if math.isnan(mean):
        return UNDEFINED
    text = decimals(mean, digits)
    if math.isnan(std):
        return text
    spread, bottom, top = (decimals(number, digits) for number in (std, low, high))
    return f"{text} ± {spread} [{bottom}, {top}]"


def _budget_row(method: str, runs: pd.DataFrame) -> tuple[TableCell, ...]:
    means = runs.mean(numeric_only=True, skipna=False)
    spent = means["spent"]
    cells = [TableCell(method), TableCell(str(len(runs)), value=len(runs))]
    cells += [_count(means[name]) for name in ("budget", "spent")]
    for kind in Spending:
        part = _count(means[column(kind)])
        share = part._replace(text=f"{part.text} ({(part.value or 0) / (spent or 1):.1%})")
        cells.append(share if spent else TableCell(UNDEFINED))
    return (*cells, _count(means["scored"]), _count(means["seconds"]))


def _count(number: float) -> TableCell:
    if math.isnan(number):
        return TableCell(UNDEFINED)
    return TableCell(f"{number:,.0f}", value=float(number))
