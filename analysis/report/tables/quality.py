"""The table of ranking quality: method × base × data set, published numbers beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from analysis.metrics.ranking import METRICS, Metric
from analysis.report.study import Study, base_of, record_name
from analysis.tables import TableCell, TextTable, summarise_methods
from analysis.tables.cells import UNDEFINED, Values, column_cells
from analysis.tables.facts import describe
from analysis.tables.published import PublishedNumber
from benchmark.truth import AccuracyKey

RANKING = (
    "kendall_tau",
    "spearman_rho",
    "precision_at_1pct",
    "precision_at_5pct",
    "precision_at_10pct",
    "tau_top_10pct",
)
BETTER, WORSE = "*", "§"
_SHORT = {"tau_top_10pct": "τ-b, true\ntop 10%", "kendall_tau": "τ-b", "spearman_rho": "ρ"}


class BuiltTable(NamedTuple):
    """A table as text, and every digit of its numbers."""

    shown: TextTable
    numbers: pd.DataFrame


def quality_table(study: Study) -> BuiltTable:
    """Present how well every method ranks, on every data set that the table has test accuracies of.

    Args:
        study: The runs.

    Returns:
        One row a method and data set, then one a published ranking.
    """
    keys = [key for key in study.keys if key.split == study.key.split]
    rows: list[list[TableCell]] = []
    groups: list[int] = []
    numbers = []
    for key in sorted(keys, key=lambda one: one != study.key):
        frame = study.evaluated(key)
        columns = [
            metric_column(study, frame, METRICS[name], marked=key == study.key) for name in RANKING
        ]
        for place, method in enumerate(study.order):
            of_method = study.of_method(method)
            names = (row_name(study, method), base_of(of_method[0]), data_set(key))
            rows.append(
                [*map(TableCell, names), count_cell(len(of_method)), *(c[place] for c in columns)]
            )
        groups.append(len(study.order))
        summary = summarise_methods(frame, study.order)
        summary.insert(1, "base", [base_of(study.of_method(name)[0]) for name in study.order])
        summary["records"] = [records_of(study, name) for name in study.order]
        numbers.append(summary)
    theirs = published_rows(study, RANKING, keys)
    rows += theirs
    groups += [len(theirs)] if theirs else []
    numbers.append(published_numbers(study, RANKING, keys))
    shown = TextTable(
        title="Ranking quality",
        header=("Method", "Base", "Data set", "Seeds", *map(heading, RANKING)),
        rows=tuple(map(tuple, rows)),
        caption="\n".join(_caption(study, theirs=bool(theirs))),
        names=3,
        groups=tuple(groups),
    )
    return BuiltTable(shown, pd.concat(numbers, ignore_index=True))


def metric_column(
    study: Study, frame: pd.DataFrame, metric: Metric, *, marked: bool = False
) -> list[TableCell]:
    """Return a metric of every method as cells, marked where it differs from the first trained."""
    values = []
    for method in study.order:
        of_method = frame[frame["method"] == method].sort_values("seed")
        values.append(
            Values(
                tuple(of_method[metric.name]),
                tuple(map(record_name, study.of_method(method))),
                mark=_mark(study, method, metric.name) if marked else "",
            )
        )
    return column_cells(values, digits=digits_of(metric), higher_is_better=metric.higher_is_better)


def published_rows(
    study: Study, metrics: Sequence[str], keys: Sequence[AccuracyKey]
) -> list[list[TableCell]]:
    """Return a row for each published ranking that has one of the metrics, best or not."""
    rows = []
    for (name, key), numbers in _by_row(study, metrics, keys).items():
        runs = next(iter(numbers.values())).runs
        cells = [
            TableCell(f"{name} ‡"),
            TableCell(UNDEFINED),
            TableCell(data_set(key)),
            count_cell(runs) if runs else TableCell(UNDEFINED),
        ]
        rows.append(cells + [_published_cell(numbers.get(m), METRICS[m]) for m in metrics])
    return rows


def published_numbers(
    study: Study, metrics: Sequence[str], keys: Sequence[AccuracyKey]
) -> pd.DataFrame:
    """Return the published numbers of the metrics in the columns of a summary."""
    rows = []
    for (name, key), numbers in _by_row(study, metrics, keys).items():
        row: dict[str, object] = {"method": name, "accuracy": str(key)}
        for metric, number in numbers.items():
            row |= {
                "runs": number.runs,
                f"{metric}_mean": number.value,
                f"{metric}_std": number.std,
            }
            row |= {"setting": number.setting, "source": number.source}
        rows.append(row)
    return pd.DataFrame(rows)


def row_name(study: Study, method: str) -> str:
    """Return a method's name as it stands in tables."""
    return f"{method} †" if method in study.references else method


def records_of(study: Study, method: str) -> str:
    """Return the names of a method's records, for a file of numbers."""
    return " ".join(map(record_name, study.of_method(method)))


def heading(name: str) -> str:
    """Return the heading of a metric: its short title, unit and better side."""
    metric = METRICS[name]
    unit = f" ({metric.unit})" if metric.unit else ""
    return f"{_SHORT.get(name, metric.title)}{unit} {'↑' if metric.higher_is_better else '↓'}"


def digits_of(metric: Metric) -> int:
    """Return how many digits of a metric are shown."""
    return 2 if metric.unit else 3


def count_cell(number: int) -> TableCell:
    """Return a cell that holds a count."""
    return TableCell(f"{number:,}", value=float(number))


def data_set(key: AccuracyKey) -> str:
    """Return the data set and the epochs of an accuracy, a few letters.

    Example:
        >>> data_set(AccuracyKey("imagenet16-120", "test", 12))
        'ImageNet16-120, 12 ep.'
    """
    _, name, _ = describe(key).split(", ")
    return f"{name}, {key.epochs} ep."


def published_note(study: Study) -> str:
    """Say what published rows are, and whether they are like ours."""
    return (
        "‡: published by others against NAS-Bench-201's own table, with budgets and images of "
        "their own, so beside our rows and not ranked with them; sources stand in the CSV file."
    )


def significance_note(study: Study, metrics: Sequence[str]) -> list[str]:
    """Say what the marks mean, or why there are none."""
    compared = [one for one in study.comparisons if one.metric in metrics]
    first = study.trained[0] if study.trained else ""
    mine = [one for one in compared if first in (one.method, one.other)]
    if not mine:
        return unpaired_note(study)
    metric = METRICS[mine[0].metric].title
    note = (
        f"{BETTER} and {WORSE}: {metric} significantly better and worse than {first}'s on the same "
        "seeds (sign-flip test, Holm-corrected over all pairs of trained methods, p ≤ 0.05)"
    )
    if any(one.is_significant for one in mine):
        return [f"{note}.", *unpaired_note(study)]
    few = "" if any(one.reachable for one in mine) else ", and could not be with so few seeds"
    return [f"{note}; no difference is significant{few}.", *unpaired_note(study)]


def unpaired_note(study: Study) -> list[str]:
    """Say which trained methods are not compared, where there are any."""
    if not study.unpaired:
        return []
    names = ", ".join(f"{method} and {other}" for method, other in study.unpaired)
    return [f"Not compared, as they have no seed in common: {names}."]


def _mark(study: Study, method: str, metric: str) -> str:
    for one in study.comparisons:
        if one.metric != metric or {one.method, one.other} != {method, study.trained[0]}:
            continue
        if one.better is not None:
            return BETTER if one.better == method else WORSE
    return ""


def _caption(study: Study, *, theirs: bool) -> list[str]:
    lines = [study.facts.truth_line, study.facts.size_line, study.facts.runs_line]
    lines.append(
        "Cells: mean ± standard deviation over seeds. Bold: the best of ours on a data set; "
        "underlined: the second. Arrows point to the better side."
    )
    lines += significance_note(study, RANKING)
    lines.append(
        "Ties: τ-b and average ranks; precision is the expectation over random order among equals."
    )
    if study.references:
        lines.append("†: a reference that trains nothing.")
    if theirs:
        lines.append(published_note(study))
    return lines + study.facts.warnings


def _by_row(
    study: Study, metrics: Sequence[str], keys: Sequence[AccuracyKey]
) -> dict[tuple[str, AccuracyKey], dict[str, PublishedNumber]]:
    rows: dict[tuple[str, AccuracyKey], dict[str, PublishedNumber]] = {}
    for number in study.published:
        if number.metric in metrics and number.key in keys:
            rows.setdefault((number.name, number.key), {})[number.metric] = number
    return rows


def _published_cell(number: PublishedNumber | None, metric: Metric) -> TableCell:
    values = Values(()) if number is None else Values((number.value,), std=number.std)
    (cell,) = column_cells([values._replace(competes=False)], digits=digits_of(metric))
    return cell
