"""The tables of differences: methods on the same seeds, and one option against another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.paired import ALPHA, MAX_SEEDS, POWER, Comparison
from analysis.permutation import MAX_EXACT_PAIRS, SAMPLED_PATTERNS
from analysis.ranking import METRICS
from analysis.report.quality import BuiltTable, count_cell, digits_of, heading, unpaired_note
from analysis.report.study import COMPARED, Study, need, record_name
from analysis.tables import Cell, TextTable, evaluate
from analysis.tables.cells import UNDEFINED, Values, column_cells, rounded
from analysis.tables.facts import ranges
from benchmark.errors import InputError
from benchmark.store import RunRecord

MAX_CHANGES = 3  # settings in which a variant may differ; beyond, it is another experiment
ABLATED = ("kendall_tau", "precision_at_5pct", "predicted_best", "best_of_top_10", "regret")


def comparison_table(study: Study) -> BuiltTable:
    """Present the trained methods two by two on the seeds that both have.

    Raises:
        MissingError: There are no two trained methods, or none with a seed in common.
    """
    need(len(study.trained) > 1, "there are no two trained methods: run another at the same seeds")
    need(study.pairs, "no two trained methods have a seed in common: run them at the same seeds")
    budgets = {method: study.of_method(method)[0].budget["budget"] for method in study.trained}
    shown = TextTable(
        title="Paired comparisons",
        header=(
            "Metric",
            "Methods",
            "Seeds",
            "Budget,\nimages",
            "Verdict",
            "Difference",
            "95% interval",
            "p, sign\nflips",
            "p, Holm",
            "Wilcoxon,\nHolm",
            "Detectable\ndifference",
            "Seeds\nneeded",
        ),
        rows=tuple(_comparison_row(one, budgets) for one in study.comparisons),
        caption="\n".join(
            [
                study.facts.truth_line,
                "Budget: what each method had for a seed, the first before the second where they "
                "are not equal.",
                "Difference: mean over the seeds that both methods have, first minus second, with "
                "its bootstrap interval over seeds, widened where they are few. Intervals are of "
                "each pair alone: one may leave out 0 where p, corrected, is not significant.",
                "p: two-sided sign-flip test of the paired differences, by all patterns of signs "
                f"up to {MAX_EXACT_PAIRS} seeds, by {SAMPLED_PATTERNS:,} drawn ones above; Holm: "
                "corrected over the pairs in one metric; a pair differs if it is at most "
                f"{ALPHA:g}. Wilcoxon's signed-rank test stands beside it. “Not significant” does "
                "not mean equal; “out of reach” means that no difference could be significant "
                "with so few seeds.",
                "Detectable difference: the least that so many seeds of this spread show with "
                f"probability {POWER:.0%}; seeds needed: how many would show the difference "
                f"found, a rough guide, {UNDEFINED} over {MAX_SEEDS:,}. Both by a paired t-test "
                f"at {ALPHA:g} divided by the number of pairs.",
                *unpaired_note(study),
            ]
        ),
        names=5,
        groups=tuple(sum(o.metric == name for o in study.comparisons) for name in COMPARED),
    )
    numbers = pd.DataFrame(
        {
            "metric": one.metric,
            "method": one.method,
            "other": one.other,
            "seeds": " ".join(map(str, one.seeds)),
            "budget": budgets[one.method],
            "other_budget": budgets[one.other],
            "difference": one.difference,
            "low": one.low,
            "high": one.high,
            "p_value": one.p_value,
            "adjusted_p": one.adjusted_p,
            "wilcoxon_p": one.wilcoxon_p,
            "is_significant": one.is_significant,
            "reachable": one.reachable,
            "detectable": one.detectable,
            "seeds_needed": one.seeds_needed,
        }
        for one in study.comparisons
    )
    return BuiltTable(shown, numbers)


def ablation_table(study: Study) -> BuiltTable:
    """Present runs with other options, a row each, below those of the study.

    Raises:
        MissingError: There are no variants.
    """
    need(
        study.variants,
        "there are no runs with other options: keep them in folders inside this one",
    )
    rows: list[tuple[str, str, Sequence[RunRecord]]] = []
    left_out = []
    changed = {record.name for records in study.variants.values() for record in records}
    for method in study.order:
        if method not in changed:
            continue
        own = study.of_method(method)
        rows.append((method, "as in the other tables", own))
        for folder, records in study.variants.items():
            of_method = [record for record in records if record.name == method]
            if not of_method:
                continue
            changes = _changes(own[0], of_method[0])
            if not 1 <= len(changes) <= MAX_CHANGES:
                left_out.append(f"{folder} ({method}: {len(changes)} settings differ)")
                continue
            rows.append((method, ", ".join(changes), of_method))
    need(any(records for _, label, records in rows if "=" in label), _no_ablation(left_out))
    return BuiltTable(_ablation_text(study, rows, left_out), _ablation_numbers(study, rows))


def _comparison_row(one: Comparison, budgets: Mapping[str, int]) -> tuple[Cell, ...]:
    metric = METRICS[one.metric]
    digits = digits_of(metric)
    records = tuple(f"{name}-seed{seed}" for name in (one.method, one.other) for seed in one.seeds)
    signed = [_signed(value, digits) for value in (one.difference, one.low, one.high)]
    interval = UNDEFINED if UNDEFINED in signed else f"[{signed[1]}, {signed[2]}]"
    return (
        Cell(
            metric.title
            + (f" ({'points' if metric.unit == '%' else metric.unit})" if metric.unit else "")
        ),
        Cell(f"{one.method} − {one.other}"),
        Cell(ranges(one.seeds)),
        Cell(_budget(budgets[one.method], budgets[one.other])),
        Cell(_verdict(one), bold=one.is_significant),
        Cell(signed[0], value=_sortable(one.difference), records=records),
        Cell(interval, value=_sortable(one.low), records=records),
        *(
            Cell(_p(value), value=_sortable(value), records=records)
            for value in (one.p_value, one.adjusted_p, one.wilcoxon_p)
        ),
        Cell(_size(one.detectable, digits), value=_sortable(one.detectable), records=records),
        Cell(UNDEFINED) if one.seeds_needed is None else count_cell(one.seeds_needed),
    )


def _budget(own: int, other: int) -> str:
    return f"{own:,}" if own == other else f"{own:,} / {other:,}"


def _verdict(one: Comparison) -> str:
    if one.better is not None:
        return f"{one.better} is better"
    return "not significant" if one.reachable else "not significant, out of reach"


def _signed(value: float, digits: int) -> str:
    if math.isnan(value):
        return UNDEFINED
    text = rounded(value, digits)
    return text if text.startswith("−") or float(text) == 0 else f"+{text}"


def _size(value: float, digits: int) -> str:
    return UNDEFINED if math.isnan(value) else rounded(value, digits)


def _p(value: float) -> str:
    if math.isnan(value):
        return UNDEFINED
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _sortable(value: float) -> float | None:
    return None if math.isnan(value) else value


def _changes(own: RunRecord, other: RunRecord) -> list[str]:
    """Return in what a variant's task differs, as ``setting = value``."""
    mine, theirs = _flat(own.task), _flat(other.task)
    names = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
    changes = [f"{name} = {theirs.get(name, UNDEFINED)}" for name in names if name != "preset"]
    if own.protocol != other.protocol:
        changes.append(f"protocol = {other.protocol}")
    return changes


def _flat(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's settings by name; those of a section carry it, a method's options do not."""
    flat: dict[str, Any] = {}
    for section, value in task.items():
        if not isinstance(value, Mapping):
            flat[section] = value
            continue
        for name, setting in value.items():
            flat[name if section == "options" else f"{section}.{name}"] = setting
    return flat


def _no_ablation(left_out: list[str]) -> str:
    said = f"; left out: {', '.join(left_out)}" if left_out else ""
    return f"no folder inside this one holds runs that differ in 1 to {MAX_CHANGES} settings{said}"


def _ablation_text(
    study: Study, rows: Sequence[tuple[str, str, Sequence[RunRecord]]], left_out: list[str]
) -> TextTable:
    frames = [evaluate(records, study.table, study.key) for _, _, records in rows]
    columns = [
        column_cells(
            [
                Values(tuple(frame[name]), tuple(map(record_name, records)))
                for frame, (_, _, records) in zip(frames, rows, strict=True)
            ],
            digits=digits_of(METRICS[name]),
            higher_is_better=METRICS[name].higher_is_better,
        )
        for name in ABLATED
    ]
    caption = [
        study.facts.truth_line,
        "One row an option: what differs from the runs of the other tables is named, all else is "
        "equal. Cells: mean ± standard deviation over seeds. Bold: the best; underlined: the "
        "second.",
    ]
    if left_out:
        caption.append(f"Left out, as other experiments: {', '.join(left_out)}.")
    return TextTable(
        title="Ablation",
        header=("Method", "Option", "Seeds", *map(heading, ABLATED)),
        rows=tuple(
            (Cell(method), Cell(label), count_cell(len(records)), *(c[place] for c in columns))
            for place, (method, label, records) in enumerate(rows)
        ),
        caption="\n".join(caption),
        names=2,
    )


def _ablation_numbers(
    study: Study, rows: Sequence[tuple[str, str, Sequence[RunRecord]]]
) -> pd.DataFrame:
    if not rows:
        raise InputError("there are no rows of an ablation: give runs with other options")
    frames = []
    for _, label, records in rows:
        frame = evaluate(records, study.table, study.key)
        frame.insert(1, "option", label)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
