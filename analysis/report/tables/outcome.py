"""The table of search outcomes: what a method would return to its user, and its leaves contain."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from analysis.figures.traces import reading_trace
from analysis.metrics.leaves import KnownTruth, expected_best_of_leaves, leaf_members
from analysis.metrics.topk import expected_best
from analysis.report.study import Study, record_name
from analysis.report.tables import shared
from analysis.report.tables.shared import EMPTY, BuiltTable
from analysis.tables import TableCell, TextTable
from analysis.tables.captions import describe, share_of_space
from analysis.tables.cells import UNDEFINED, Values, column_cells
from benchmark.records import RunRecord
from benchmark.spaces.subspaces.splits import subspaces_of
from benchmark.truth import AccuracyKey

VALIDATION, SELECTED, ORACLE = "by score", "by its base", "oracle: best leaf"
_OTHERS = ("best_of_top_10", "regret")


class Choice(NamedTuple):
    """A row: a method, and how its architecture is chosen."""

    method: str
    how: str


Found = dict[AccuracyKey, list[Values]]  # a column per accuracy, a row per choice


def outcome_table(study: Study) -> BuiltTable:
    """Return the true accuracies of chosen architectures, for every data set and split.

    For each method a row for the choice by its own scores, one for what its base selects, and one
    for the oracle's choice among the leaves of a tree; then the best there is, and published ones.
    """
    rows = list(_choices(study))
    found = {key: _column(study, key, rows) for key in study.keys}
    columns = [column_cells(values, digits=2) for values in found.values()]
    columns += [_other_metric(study, name, rows) for name in _OTHERS]
    body = [
        [
            TableCell(shared.row_name(study, row.method)),
            TableCell(row.how),
            shared.count_cell(len(study.of_method(row.method))),
            *(column[place] for column in columns),
        ]
        for place, row in enumerate(rows)
    ]
    best = [Values((_best(study, key),), competes=False) for key in study.keys]
    cells = [column_cells([one], digits=2)[0] for one in best]
    body.append([TableCell("best of the table"), EMPTY, EMPTY, *cells, EMPTY, EMPTY])
    theirs = _published(study)
    shown = TextTable(
        title="Search outcome",
        header=(
            "Method",
            "Choice",
            "Seeds",
            *(_key_heading(key) for key in study.keys),
            *(
                shared.heading(name).replace("predicted top 10", "predicted\ntop 10")
                for name in _OTHERS
            ),
        ),
        rows=tuple(map(tuple, body + theirs)),
        caption="\n".join(_caption(study, rows, found, theirs)),
        names=2,
        groups=(len(rows), 1, *([len(theirs)] if theirs else [])),
    )
    return BuiltTable(shown, _numbers(study, rows, found))


def _choices(study: Study) -> Iterator[Choice]:
    for method in study.order:
        yield Choice(method, VALIDATION)
        records = study.of_method(method)
        if all("choice" in record.trace for record in records):
            yield Choice(method, SELECTED)
        if all(len(record.trace.get("leaves", ())) > 1 for record in records):
            yield Choice(method, ORACLE)


def _column(study: Study, key: AccuracyKey, rows: list[Choice]) -> list[Values]:
    """Return the true accuracies of each choice, of the runs whose choice the table has."""
    known = KnownTruth.of(study.table.accuracy(key), study.table.codes, study.space)
    values = []
    for method, how in rows:
        records = study.of_method(method)
        of_runs = {record_name(one): _accuracy(study, key, one, how, known) for one in records}
        defined = {name: value for name, value in of_runs.items() if not math.isnan(value)}
        whole = len(defined) == len(of_runs)
        values.append(
            Values(
                tuple(defined.values()),
                tuple(defined),
                mark="" if whole else f"({len(defined)} of {len(of_runs)})",
                competes=whole and how != ORACLE,
            )
        )
    return values


def _accuracy(
    study: Study, key: AccuracyKey, record: RunRecord, how: str, known: KnownTruth
) -> float:
    """Return the true accuracy of a run's choice; NaN where the table does not have it."""
    truth, codes = study.table.accuracy(key), study.table.codes
    if how == VALIDATION:
        return expected_best(record.scores_of(codes), truth, 1)
    if how == SELECTED:
        return known.best([record.trace["choice"]["architecture"]])
    leaves = record.trace["leaves"]
    # a leaf that scored no candidate selected none
    proposals = [leaf["selected"]["architecture"] for leaf in leaves if "selected" in leaf]
    if proposals:
        return known.best(proposals)
    with reading_trace(record):
        subspaces = subspaces_of(record.trace["splits"], record.space)
        members = [leaf_members(subspaces[leaf["node"]], codes) for leaf in leaves]
    return expected_best_of_leaves(record.scores_of(codes), truth, members)


def _other_metric(study: Study, name: str, rows: list[Choice]) -> list[TableCell]:
    values = []
    for method, how in rows:
        runs = study.runs[study.runs["method"] == method].sort_values("seed")
        ours = Values(tuple(runs[name]), shared.record_names(study, method))
        values.append(ours if how == VALIDATION else Values(()))
    return shared.metric_cells(values, name)


def _best(study: Study, key: AccuracyKey) -> float:
    return float(study.table.accuracy(key).max())


def _published(study: Study) -> list[list[TableCell]]:
    """Return published choices under the main accuracy."""
    body = []
    for name, _, _, seeds, best, top in shared.published_rows(
        study, ("predicted_best", "best_of_top_10"), [study.key]
    ):
        under = [best if key == study.key else EMPTY for key in study.keys]
        body.append([name, TableCell(VALIDATION), seeds, *under, top, EMPTY])
    return body


def _numbers(study: Study, rows: list[Choice], found: Found) -> pd.DataFrame:
    ours = pd.DataFrame(
        {
            "method": method,
            "choice": how,
            "table": study.table.name,
            "accuracy": str(key),
            "runs": len(values.runs),
            "accuracy_mean": values.mean,
            "accuracy_std": values.spread,
            "best_of_table": _best(study, key),
            "records": " ".join(values.records),
        }
        for key, of_rows in found.items()
        for (method, how), values in zip(rows, of_rows, strict=True)
    )
    theirs = shared.published_numbers(study, ("predicted_best",), [study.key])
    if theirs.empty:
        return ours
    theirs = theirs.rename(
        columns={"predicted_best_mean": "accuracy_mean", "predicted_best_std": "accuracy_std"}
    )
    theirs = theirs.assign(choice=VALIDATION).fillna({"accuracy_std": math.nan})
    return pd.concat([ours, theirs], ignore_index=True)


def _key_heading(key: AccuracyKey) -> str:
    accuracy, name, _ = describe(key).split(", ")
    return f"{name}\n{accuracy.removesuffix(' accuracy')}\n{key.epochs} ep. (%) ↑"


def _caption(
    study: Study, rows: list[Choice], found: Found, theirs: list[list[TableCell]]
) -> list[str]:
    lines = [
        study.context.truth_line,
        study.context.runs_line,
        "True accuracy of the architecture that a method picks, in percent: mean ± standard "
        "deviation over seeds; expectations over random order where scores are equal.",
        f"“{VALIDATION}”: the highest score on validation images, all that a user has.",
    ]
    if any(how == SELECTED for _, how in rows):
        lines.append(
            f"“{SELECTED}”: what the base selects from its supernet, RSPS the best of drawn "
            "architectures, DARTS and SNAS the greatest architecture parameters; of several leaves "
            "the one whose selection has the best validation score."
        )
    if any(how == ORACLE for _, how in rows):
        lines.append(
            f"“{ORACLE}”: the selection of each leaf is looked up in the table, and the best of "
            "those kept, separately in each column; as it looks at the truth, it does not compete."
        )
    if any(values.mark for of_rows in found.values() for values in of_rows):
        held = share_of_space(len(study.table), study.context.candidates, study.space)
        lines.append(
            f"The table holds {held}. A choice that it "
            "lacks is looked up by its network, which other architectures may share; "
            f"{UNDEFINED} where the table has no architecture of that network for any seed, and "
            "“(m of k)” where it has one for m of k seeds: such a mean is over those, and does not "
            "compete. Of several leaves only those count whose selection is known. "
            f"“{VALIDATION}” chooses among the table's own."
        )
    lines.append(
        f"Best of predicted top 10 and regret: {describe(study.key)}. Bold: the best choice "
        "without the truth; underlined: the second best."
    )
    return [
        *lines,
        *shared.reference_note(study),
        *shared.published_note(study, theirs),
        *study.context.warnings,
    ]
