"""The two tables of a comparison: how well each method ranks, and what it spent."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from analysis.metrics.ranking import METRICS, Metric
from analysis.tables.evaluation import CONFIDENCE, by_method, column
from analysis.tables.facts import Facts
from analysis.tables.text import TableCell, TextTable, decimals
from benchmark.budget import Spending
from benchmark.errors import unknown_name

UNDEFINED = "–"


def ranking_table(
    summary: pd.DataFrame,
    facts: Facts,
    *,
    metrics: Sequence[str] = tuple(METRICS),
    references: Collection[str] = (),
) -> TextTable:
    """Present the metrics of every method.

    Args:
        summary: What `summarise_methods` returns.
        facts: What `gather_facts` returns for the same runs.
        metrics: Which metrics, in the order of columns.
        references: Methods that train nothing; they are marked, and may be the best like any.

    Returns:
        One row a method; the best mean of each metric, references included, is bold.

    Raises:
        InputError: There is no metric of such a name.
    """
    shown = chosen_metrics(metrics)
    names = [f"{name} †" if name in references else name for name in summary["method"]]
    columns = [
        [TableCell(name) for name in names],
        [TableCell(str(runs)) for runs in summary["runs"]],
        *(_metric_cells(summary, metric) for metric in shown),
    ]
    return TextTable(
        title="Ranking quality",
        header=("Method", "Seeds", *map(heading, shown)),
        rows=tuple(zip(*columns, strict=True)),
        caption="\n".join(_ranking_caption(facts, marked=names != list(summary["method"]))),
    )


def budget_table(runs: pd.DataFrame, facts: Facts, order: Sequence[str]) -> TextTable:
    """Present what every method spent.

    Args:
        runs: What `evaluate` returns.
        facts: What `gather_facts` returns for the same runs.
        order: Every method in it, once, in the order of rows.

    Returns:
        One row a method; images and seconds are means over its seeds.

    Raises:
        InputError: The order does not name each method once.
        MissingError: The order names a method without runs.
    """
    caption = [
        facts.runs_line,
        "Budget and spending: images passed forward and backward; percentages are shares of Spent.",
        "Scored: images passed forward alone, to score architectures; not in the budget.",
        f"All but Seeds are means over seeds; {UNDEFINED} where there is nothing to divide by, or "
        "no time was recorded.",
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


def _ranking_caption(facts: Facts, *, marked: bool) -> list[str]:
    bold = "Bold: the best mean"
    if marked:
        bold = "†: a reference that trains nothing. Bold: the best mean, references included"
    return [
        facts.truth_line,
        facts.size_line,
        facts.runs_line,
        f"Cells: mean ± standard deviation over seeds [{CONFIDENCE:.0%} bootstrap interval of the "
        "mean, its percentiles widened for few seeds and cut at the metric's bounds]; of one seed "
        f"the value alone; {UNDEFINED} where a run leaves the metric undefined.",
        "Ties: τ is τ-b, ρ takes average ranks, other metrics are expectations over random order "
        "among equals.",
        f"Arrows point to the better side. {bold}.",
        *facts.warnings,
    ]


def chosen_metrics(names: Iterable[str]) -> list[Metric]:
    """Return metrics by their names.

    Raises:
        InputError: There is no metric of such a name.

    Example:
        >>> [metric.title for metric in chosen_metrics(["regret"])]
        ['Regret']
    """
    names = list(names)
    for name in names:
        if name not in METRICS:
            raise unknown_name("metric", name, METRICS)
    return [METRICS[name] for name in names]


def heading(metric: Metric) -> str:
    """Return the heading of a metric's column, with its unit and an arrow to the better side.

    Example:
        >>> heading(METRICS["regret"])
        'Regret (points) ↓'
    """
    unit = f" ({metric.unit})" if metric.unit else ""
    return f"{metric.title}{unit} {'↑' if metric.higher_is_better else '↓'}"


def _metric_cells(summary: pd.DataFrame, metric: Metric) -> list[TableCell]:
    means = summary[f"{metric.name}_mean"]
    best = means.max() if metric.higher_is_better else means.min()
    parts = [summary[f"{metric.name}_{part}"] for part in ("mean", "std", "low", "high")]
    digits = 2 if metric.unit else 3
    return [
        TableCell(_text(*numbers, digits=digits), bold=numbers[0] == best)
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
    texts = [
        method,
        str(len(runs)),
        f"{means['budget']:,.0f}",
        f"{means['spent']:,.0f}",
        *(_share(means[column(kind)], means["spent"]) for kind in Spending),
        f"{means['scored']:,.0f}",
        UNDEFINED if math.isnan(means["seconds"]) else f"{means['seconds']:,.0f}",
    ]
    return tuple(map(TableCell, texts))


def _share(part: float, spent: float) -> str:
    if spent == 0:
        return UNDEFINED
    return f"{part:,.0f} ({part / spent:.1%})"
