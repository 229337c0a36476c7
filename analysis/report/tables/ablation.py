"""The tables of ablations: methods with other options against themselves and the others."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.report.study import COMPARED, Study, require
from analysis.report.tables.differences import Side, paired_table
from analysis.report.tables.shared import BuiltTable, count_cell, heading, metric_cells
from analysis.statistics.paired import PairedComparison, compare_methods
from analysis.tables import TableCell, TextTable, evaluate
from analysis.tables.cells import UNDEFINED, Values
from analysis.tables.evaluation import BOOTSTRAP_SEED
from benchmark.records import RunRecord

MAX_CHANGES = 3  # settings in which a variant may differ; with more it is another experiment
ABLATED = ("kendall_tau", "precision_at_5pct", "predicted_best", "best_of_top_10", "regret")

Pairs = list[tuple[str, str]]


class Option(NamedTuple):
    """Runs of a method with other options than the study's."""

    method: str  # its name
    folder: str  # of the runs, inside the study's folder
    changes: tuple[str, ...]  # the settings that differ, as ``setting = value``
    records: tuple[RunRecord, ...]  # one per seed

    @property
    def name(self) -> str:
        """The method with the folder of its runs."""
        return f"{self.method} ({self.folder})"


def ablation_table(study: Study) -> BuiltTable:
    """Return a row for each method with other options, below that with the study's options."""
    options, left_out = _options(study)
    rows = []
    for method in study.order:
        of_method = [option for option in options if option.method == method]
        if of_method:
            rows.append((method, "as in the other tables", Side(study.of_method(method))))
        rows += [
            (method, ", ".join(option.changes), Side(option.records, option.folder))
            for option in of_method
        ]
    frames = [evaluate(side.records, study.table, study.key) for _, _, side in rows]
    columns = [
        metric_cells(
            [
                Values(tuple(frame[name]), side.names(list(frame["seed"])))
                for frame, (_, _, side) in zip(frames, rows, strict=True)
            ],
            name,
        )
        for name in ABLATED
    ]
    shown = TextTable(
        title="Ablation",
        header=("Method", "Option", "Seeds", *map(heading, ABLATED)),
        rows=tuple(
            (
                TableCell(method),
                TableCell(label),
                count_cell(len(side.records)),
                *(column[place] for column in columns),
            )
            for place, (method, label, side) in enumerate(rows)
        ),
        caption="\n".join(
            [
                study.context.truth_line,
                "One row per option: it names the settings that differ from the runs of the other "
                "tables. Cells: mean ± standard deviation over seeds. Bold: the best; underlined: "
                "the second best.",
                *([f"Left out, as other experiments: {', '.join(left_out)}."] if left_out else []),
            ]
        ),
        names=2,
    )
    for frame, (_, label, side) in zip(frames, rows, strict=True):
        frame.insert(1, "option", label)
        frame["record"] = side.names(list(frame["seed"]))
    return BuiltTable(shown, pd.concat(frames, ignore_index=True))


def ablation_comparison_table(study: Study) -> BuiltTable:
    """Return comparisons of methods with other options with the other methods and themselves.

    The methods in a folder of variants replace the study's own. All pairs of trained methods of
    which one was replaced are one family of comparisons; the pairs of a replaced method and
    itself, with the study's options, are another.
    """
    options = [option for option in _options(study)[0] if option.method in study.trained]
    sides = {method: Side(study.of_method(method)) for method in study.trained}
    families: list[Pairs] = []
    for folder in dict.fromkeys(option.folder for option in options):
        inside = {option.method: option for option in options if option.folder == folder}
        sides |= {option.name: Side(option.records, folder) for option in inside.values()}
        names = [inside[name].name if name in inside else name for name in study.trained]
        pairs = combinations(names, 2)
        families.append([pair for pair in pairs if not set(pair) <= set(study.trained)])
        families.append([(option.method, option.name) for option in inside.values()])
    families = [
        paired
        for pairs in families
        if (paired := [(a, b) for a, b in pairs if sides[a].seeds & sides[b].seeds])
    ]
    require(families, "no runs with other options share a seed with runs of the other tables")
    found = _compared(study, sides, families)
    return paired_table(
        "Paired comparisons of options",
        [one for family in found for one in family],
        sides,
        family="over the pairs of a group",
        groups=[len(family) for family in found],
        first=[
            study.context.truth_line,
            "In brackets: the folder of the runs with other options, which the table of the "
            "ablation names. By metric and folder there are two groups: such runs against the "
            "other methods, and against the same method of the other tables.",
        ],
    )


def _options(study: Study) -> tuple[list[Option], list[str]]:
    """Return the variants that are ablations, and the others with the reason."""
    require(
        study.variants,
        "there are no runs with other options: put them into folders inside this one",
    )
    options, left_out = [], []
    for folder, records in study.variants.items():
        for method in dict.fromkeys(record.name for record in records):
            of_method = tuple(record for record in records if record.name == method)
            own = study.of_method(method)
            if not own:
                left_out.append(f"{folder} ({method}: not among the other runs)")
                continue
            if not np.array_equal(own[0].codes, of_method[0].codes):
                left_out.append(f"{folder} ({method}: other candidates)")
                continue
            changes = _changes(own[0], of_method[0])
            if 1 <= len(changes) <= MAX_CHANGES:
                options.append(Option(method, folder, tuple(changes), of_method))
            else:
                left_out.append(f"{folder} ({method}: {len(changes)} settings differ)")
    note = f"; left out: {', '.join(left_out)}" if left_out else ""
    require(
        options,
        f"no folder inside this one holds runs that differ in 1 to {MAX_CHANGES} settings{note}",
    )
    return options, left_out


def _compared(
    study: Study, sides: Mapping[str, Side], families: Sequence[Pairs]
) -> list[list[PairedComparison]]:
    """Return the comparisons of each metric and family."""
    runs = pd.concat(
        evaluate(side.records, study.table, study.key).assign(method=name)
        for name, side in sides.items()
    )
    return [
        compare_methods(runs, metric, np.random.default_rng(BOOTSTRAP_SEED), pairs=pairs)
        for metric in COMPARED
        for pairs in families
    ]


def _changes(own: RunRecord, other: RunRecord) -> list[str]:
    """Return the settings in which a variant's task differs, as ``setting = value``."""
    before, after = _flat(own.task), _flat(other.task)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    changes = [f"{name} = {after.get(name, UNDEFINED)}" for name in names if name != "preset"]
    if own.protocol != other.protocol:
        changes.append(f"protocol = {other.protocol}")
    return changes


def _flat(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's settings as ``section.name``, a method's options as ``name``."""
    flat: dict[str, Any] = {}
    for section, value in task.items():
        if not isinstance(value, Mapping):
            flat[section] = value
            continue
        for name, setting in value.items():
            flat[name if section == "options" else f"{section}.{name}"] = setting
    return flat
