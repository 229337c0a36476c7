"""The table of ranking quality: method × base × data set, with published numbers below."""

import pandas as pd

from analysis.metrics.ranking import METRICS
from analysis.report.study import Study, base_of
from analysis.report.tables import shared
from analysis.report.tables.shared import BuiltTable
from analysis.tables import TableCell, TextTable, summarise_methods
from analysis.tables.cells import Values

RANKING = (
    "kendall_tau",
    "spearman_rho",
    "precision_at_1pct",
    "precision_at_5pct",
    "precision_at_10pct",
    "tau_top_10pct",
)
BETTER, WORSE = "*", "§"


def quality_table(study: Study) -> BuiltTable:
    """Return the ranking quality of every method, on every data set with the main split."""
    keys = [key for key in study.keys if key.split == study.key.split]
    bases = {method: base_of(study.of_method(method)[0]) for method in study.order}
    rows: list[list[TableCell]] = []
    numbers = []
    for key in sorted(keys, key=lambda one: one != study.key):
        frame = study.evaluated(key)
        columns = [_column(study, frame, name, compared=key == study.key) for name in RANKING]
        for place, method in enumerate(study.order):
            names = (shared.row_name(study, method), bases[method], shared.data_set(key))
            seeds = shared.count_cell(len(study.of_method(method)))
            rows.append([*map(TableCell, names), seeds, *(column[place] for column in columns)])
        summary = summarise_methods(frame, study.order)
        summary.insert(1, "base", list(bases.values()))
        summary["records"] = [" ".join(shared.record_names(study, name)) for name in study.order]
        numbers.append(summary)
    theirs = shared.published_rows(study, RANKING, keys)
    numbers.append(shared.published_numbers(study, RANKING, keys))
    shown = TextTable(
        title="Ranking quality",
        header=("Method", "Base", "Data set", "Seeds", *map(shared.heading, RANKING)),
        rows=tuple(map(tuple, rows + theirs)),
        caption="\n".join(
            [
                study.context.truth_line,
                study.context.size_line,
                study.context.runs_line,
                "Cells: mean ± standard deviation over seeds. Bold: the best of ours on a data "
                "set; underlined: the second best. Arrows point to the better side.",
                *_significance_note(study),
                "Ties: τ-b and average ranks; precision is the expectation over random order among "
                "equals.",
                *shared.reference_note(study),
                *shared.published_note(study, theirs),
                *study.context.warnings,
            ]
        ),
        names=3,
        groups=(*[len(study.order)] * len(keys), *([len(theirs)] if theirs else [])),
    )
    return BuiltTable(shown, pd.concat(numbers, ignore_index=True))


def _column(study: Study, frame: pd.DataFrame, name: str, *, compared: bool) -> list[TableCell]:
    """Return a metric of every method, marked where it differs from the first trained method."""
    values = []
    for method in study.order:
        of_method = frame[frame["method"] == method].sort_values("seed")
        mark = _mark(study, method, name) if compared else ""
        values.append(Values(tuple(of_method[name]), shared.record_names(study, method), mark=mark))
    return shared.metric_cells(values, name)


def _mark(study: Study, method: str, metric: str) -> str:
    for one in study.comparisons:
        pair = {one.method, one.other}
        if one.metric == metric and pair == {method, study.trained[0]} and one.better is not None:
            return BETTER if one.better == method else WORSE
    return ""


def _significance_note(study: Study) -> list[str]:
    """Explain the marks, or why there are none."""
    first = study.trained[0] if study.trained else ""
    mine = [
        one
        for one in study.comparisons
        if one.metric in RANKING and first in (one.method, one.other)
    ]
    if not mine:
        return shared.unpaired_note(study)
    metric = METRICS[mine[0].metric].title
    note = (
        f"{BETTER} and {WORSE}: {metric} significantly better and worse than {first}'s on the same "
        "seeds (sign-flip test, Holm-corrected over all pairs of trained methods, p ≤ 0.05)"
    )
    if not any(one.is_significant for one in mine):
        few = "" if any(one.reachable for one in mine) else ", and could not be with so few seeds"
        note += f"; no difference is significant{few}"
    return [f"{note}.", *shared.unpaired_note(study)]
