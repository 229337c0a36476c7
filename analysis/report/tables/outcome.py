"""The table of search outcomes: what a method would hand to its user, and what its leaves hold."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.metrics.leaves import (
    best_of_selected,
    expected_best_of_leaves,
    known_truth,
    leaf_members,
)
from analysis.metrics.ranking import METRICS
from analysis.metrics.topk import expected_best
from analysis.report.study import Study, record_name
from analysis.report.tables.quality import (
    BuiltTable,
    count_cell,
    digits_of,
    heading,
    published_note,
    published_numbers,
    published_rows,
    row_name,
)
from analysis.tables import TableCell, TextTable
from analysis.tables.cells import UNDEFINED, Values, column_cells
from analysis.tables.facts import describe
from benchmark.records import RunRecord
from benchmark.spaces.nb201 import SIZE
from benchmark.truth import AccuracyKey

VALIDATION, SELECTED, ORACLE = "by score", "by its base", "oracle: best leaf"
_OTHERS = ("best_of_top_10", "regret")

Row = tuple[str, str]  # a method, and how its architecture is chosen


def outcome_table(study: Study) -> BuiltTable:
    """Present the true accuracies of chosen architectures, on every data set and split there is.

    Args:
        study: The runs.

    Returns:
        A row for each method's choice by its own scores, one for what its base selects, one for the
        oracle's choice among the leaves of a tree, one for the best there is, and published ones.
    """
    rows = list(_choices(study))
    found = {}
    for key in study.keys:
        worth = known_truth(study.table.accuracy(key), study.table.codes)
        found[key] = [_accuracies(study, key, row, worth) for row in rows]
    columns = [column_cells(values, digits=2) for values in found.values()]
    others = [_other_metric(study, name, rows) for name in _OTHERS]
    columns += others
    body = [
        [
            TableCell(row_name(study, method)),
            TableCell(choice),
            count_cell(len(study.of_method(method))),
            *(column[place] for column in columns),
        ]
        for place, (method, choice) in enumerate(rows)
    ]
    body.append(_optimum(study))
    groups = [len(body) - 1, 1]
    theirs = _published(study)
    body += theirs
    groups += [len(theirs)] if theirs else []
    shown = TextTable(
        title="Search outcome",
        header=(
            "Method",
            "Choice",
            "Seeds",
            *(_key_heading(key) for key in study.keys),
            *(heading(name).replace("predicted top 10", "predicted\ntop 10") for name in _OTHERS),
        ),
        rows=tuple(map(tuple, body)),
        caption="\n".join(_caption(study, rows, found, theirs=bool(theirs))),
        names=2,
        groups=tuple(groups),
    )
    return BuiltTable(shown, _numbers(study, rows, found))


def _choices(study: Study) -> Iterator[Row]:
    for method in study.order:
        yield method, VALIDATION
        records = study.of_method(method)
        if all("choice" in record.trace for record in records):
            yield method, SELECTED
        if all(len(record.trace.get("leaves", ())) > 1 for record in records):
            yield method, ORACLE


def _accuracies(study: Study, key: AccuracyKey, row: Row, worth: NDArray[np.float64]) -> Values:
    """Return the true accuracies of a row, of those runs whose choice the table knows."""
    method, choice = row
    truth, codes = study.table.accuracy(key), study.table.codes

    def value(record: RunRecord) -> float:
        if choice == VALIDATION:
            return expected_best(record.scores_of(codes), truth, 1)
        if choice == SELECTED:
            return best_of_selected([record.trace["choice"]["architecture"]], worth)
        leaves = record.trace["leaves"]
        if all("selected" in leaf for leaf in leaves):
            offers = [leaf["selected"]["architecture"] for leaf in leaves]
            return best_of_selected(offers, worth)
        members = [leaf_members(leaf["operations"], codes) for leaf in leaves]
        return expected_best_of_leaves(record.scores_of(codes), truth, members)

    records = study.of_method(method)
    found = {record_name(record): value(record) for record in records}
    known = {name: accuracy for name, accuracy in found.items() if not math.isnan(accuracy)}
    whole = len(known) == len(found)
    return Values(
        tuple(known.values()),
        tuple(known),
        mark="" if whole else f"({len(known)} of {len(found)})",
        competes=whole and choice != ORACLE,
    )


def _other_metric(study: Study, name: str, rows: list[Row]) -> list[TableCell]:
    metric = METRICS[name]
    values = []
    for method, choice in rows:
        runs = study.runs[study.runs["method"] == method].sort_values("seed")
        records = tuple(map(record_name, study.of_method(method)))
        values.append(Values(tuple(runs[name]), records) if choice == VALIDATION else Values(()))
    return column_cells(values, digits=digits_of(metric), higher_is_better=metric.higher_is_better)


def _optimum(study: Study) -> list[TableCell]:
    best = [Values((float(study.table.accuracy(key).max()),)) for key in study.keys]
    cells = [column_cells([one._replace(competes=False)], digits=2)[0] for one in best]
    blank = TableCell(UNDEFINED)
    return [TableCell("best of the table"), blank, blank, *cells, blank, blank]


def _published(study: Study) -> list[list[TableCell]]:
    """Return published choices under the first accuracy; others are not published by these."""
    rows = published_rows(study, ("predicted_best", "best_of_top_10"), [study.key])
    body = []
    for name, _, _, seeds, best, top in rows:
        under = [best if key == study.key else TableCell(UNDEFINED) for key in study.keys]
        body.append([name, TableCell(VALIDATION), seeds, *under, top, TableCell(UNDEFINED)])
    return body


def _numbers(study: Study, rows: list[Row], found: dict[AccuracyKey, list[Values]]) -> pd.DataFrame:
    ours = pd.DataFrame(
        {
            "method": method,
            "choice": choice,
            "table": study.table.name,
            "accuracy": str(key),
            "runs": len(values.runs),
            "accuracy_mean": values.mean,
            "accuracy_std": values.spread,
            "best_of_table": float(study.table.accuracy(key).max()),
            "records": " ".join(values.records),
        }
        for key, of_rows in found.items()
        for (method, choice), values in zip(rows, of_rows, strict=True)
    )
    theirs = published_numbers(study, ("predicted_best",), [study.key])
    if theirs.empty:
        return ours
    theirs = theirs.rename(
        columns={"predicted_best_mean": "accuracy_mean", "predicted_best_std": "accuracy_std"}
    )
    theirs = theirs.assign(choice=VALIDATION).fillna({"accuracy_std": math.nan})
    return pd.concat([ours, theirs], ignore_index=True)


def _key_heading(key: AccuracyKey) -> str:
    what, name, _ = describe(key).split(", ")
    split = what.removesuffix(" accuracy")
    return f"{name}\n{split}\n{key.epochs} ep. (%) ↑"


def _subset_note(study: Study) -> str:
    """Say why a choice may be unknown, and what is shown then."""
    return (
        f"The table holds {len(study.table):,} of {SIZE:,} architectures. A choice that it lacks "
        f"is looked up by its network, which others may be too; {UNDEFINED} where the table has no "
        "architecture of that network for any seed, and “(m of k)” where it has one for m of k "
        "seeds: such a mean is over those, and does not compete. Of several leaves only those "
        f"count whose selection is known. “{VALIDATION}” chooses among the table's own."
    )


def _caption(
    study: Study, rows: list[Row], found: dict[AccuracyKey, list[Values]], *, theirs: bool
) -> list[str]:
    lines = [
        study.facts.truth_line,
        study.facts.runs_line,
        "True accuracy of the architecture that a method picks, in percent: mean ± standard "
        "deviation over seeds; expectations over random order where scores are equal.",
        f"“{VALIDATION}”: the highest score on validation images, all that a user has.",
    ]
    if any(choice == SELECTED for _, choice in rows):
        lines.append(
            f"“{SELECTED}”: what the base selects from its supernet, RSPS the best of drawn "
            "architectures, DARTS and SNAS the greatest architecture parameters; of several leaves "
            "the one whose selection validates best."
        )
    if any(choice == ORACLE for _, choice in rows):
        lines.append(
            f"“{ORACLE}”: the selection of each leaf is looked up in the table, and the best of "
            "those kept, in each column by itself; that looks at the truth, so it does not compete."
        )
    if any(values.mark for of_rows in found.values() for values in of_rows):
        lines.append(_subset_note(study))
    lines.append(
        f"Best of predicted top 10 and regret: {describe(study.key)}. Bold: the best choice "
        "without the truth; underlined: the second."
    )
    if study.references:
        lines.append("†: a reference that trains nothing.")
    if theirs:
        lines.append(published_note(study))
    return lines + study.facts.warnings
