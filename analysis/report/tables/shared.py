"""What the tables of a report share: cells, headings, names, published rows and notes."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from analysis.metrics.ranking import METRICS
from analysis.report.study import Study, record_name
from analysis.tables import TableCell, TextTable
from analysis.tables.captions import describe
from analysis.tables.cells import UNDEFINED, Values, column_cells
from analysis.tables.published import PublishedNumber
from benchmark.truth import AccuracyKey

EMPTY = TableCell(UNDEFINED)
_SHORT = {"tau_top_10pct": "τ-b, true\ntop 10%", "kendall_tau": "τ-b", "spearman_rho": "ρ"}


class BuiltTable(NamedTuple):
    """A table as text, and its numbers with every digit."""

    shown: TextTable
    numbers: pd.DataFrame


def row_name(study: Study, method: str) -> str:
    """Return a method's name, marked if it is a reference."""
    return f"{method} †" if method in study.references else method


def record_names(study: Study, method: str) -> tuple[str, ...]:
    """Return the names of a method's records, by seed."""
    return tuple(map(record_name, study.of_method(method)))


def heading(name: str) -> str:
    """Return the heading of a metric: its short title, unit and better side."""
    metric = METRICS[name]
    return metric.heading.replace(metric.title, _SHORT.get(name, metric.title))


def count_cell(number: int) -> TableCell:
    """Return a cell that holds a count."""
    return TableCell(f"{number:,}", value=float(number))


def metric_cells(values: Sequence[Values], name: str) -> list[TableCell]:
    """Return the cells of one column that holds a metric."""
    metric = METRICS[name]
    return column_cells(values, digits=metric.digits, higher_is_better=metric.higher_is_better)


def data_set(key: AccuracyKey) -> str:
    """Return the data set and the epochs of an accuracy, such as "CIFAR-10, 12 ep."."""
    _, name, _ = describe(key).split(", ")
    return f"{name}, {key.epochs} ep."


def published_rows(
    study: Study, metrics: Sequence[str], keys: Sequence[AccuracyKey]
) -> list[list[TableCell]]:
    """Return a row for each published ranking that has one of the metrics; it does not compete."""
    rows = []
    for (name, key), numbers in _published(study, metrics, keys).items():
        runs = next(iter(numbers.values())).runs
        cells = [TableCell(f"{name} ‡"), EMPTY, TableCell(data_set(key))]
        cells.append(count_cell(runs) if runs else EMPTY)
        for metric in metrics:
            number = numbers.get(metric)
            values = Values(()) if number is None else Values((number.value,), std=number.std)
            cells += metric_cells([values._replace(competes=False)], metric)
        rows.append(cells)
    return rows


def published_numbers(
    study: Study, metrics: Sequence[str], keys: Sequence[AccuracyKey]
) -> pd.DataFrame:
    """Return the published numbers of the metrics in the columns of a summary."""
    rows = []
    for (name, key), numbers in _published(study, metrics, keys).items():
        row: dict[str, object] = {"method": name, "accuracy": str(key)}
        for metric, number in numbers.items():
            row |= {
                "runs": number.runs,
                f"{metric}_mean": number.value,
                f"{metric}_std": number.std,
                "setting": number.setting,
                "source": number.source,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def reference_note(study: Study) -> list[str]:
    """Explain the mark of references, where there are any."""
    return ["†: a reference that trains nothing."] if study.references else []


def published_note(study: Study, rows: Sequence[object]) -> list[str]:
    """Explain published rows, where there are any."""
    if not rows:
        return []
    return [
        f"‡: published by others against {study.space.title}'s own table, with other budgets and "
        "images, so shown beside our rows and not ranked with them; the CSV file names the sources."
    ]


def unpaired_note(study: Study) -> list[str]:
    """Name the trained methods that are not compared, where there are any."""
    if not study.unpaired:
        return []
    names = ", ".join(f"{method} and {other}" for method, other in study.unpaired)
    return [f"Not compared, as they have no seed in common: {names}."]


def _published(
    study: Study, metrics: Sequence[str], keys: Sequence[AccuracyKey]
) -> dict[tuple[str, AccuracyKey], dict[str, PublishedNumber]]:
    rows: dict[tuple[str, AccuracyKey], dict[str, PublishedNumber]] = {}
    for number in study.published:
        if number.space is study.space and number.metric in metrics and number.key in keys:
            rows.setdefault((number.name, number.key), {})[number.metric] = number
    return rows
