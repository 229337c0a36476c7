"""The table of comparisons: methods two by two on the same seeds, with tests and intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from analysis.metrics.ranking import METRICS
from analysis.report.study import COMPARED, Study, need, record_name
from analysis.report.tables.quality import BuiltTable, count_cell, digits_of, unpaired_note
from analysis.statistics.paired import ALPHA, MAX_SEEDS, POWER, Comparison
from analysis.statistics.permutation import MAX_EXACT_PAIRS, SAMPLED_PATTERNS
from analysis.tables import TableCell, TextTable
from analysis.tables.cells import UNDEFINED, rounded
from analysis.tables.facts import ranges
from benchmark.records import RunRecord


class Side(NamedTuple):
    """What stands on one side of a comparison.

    Attributes:
        records: Runs of one method with one set of options, one a seed.
        folder: Where they are inside the study's folder; empty for the study's own.
    """

    records: Sequence[RunRecord]
    folder: str = ""

    @property
    def budget(self) -> int:
        """Images that each run had."""
        return int(self.records[0].budget["budget"])

    @property
    def seeds(self) -> set[int]:
        """At which there are runs."""
        return {record.seed for record in self.records}

    def names(self, seeds: Sequence[int]) -> tuple[str, ...]:
        """Return the names of the records at some seeds."""
        at = {record.seed: record_name(record, self.folder) for record in self.records}
        return tuple(at[seed] for seed in seeds)


def comparison_table(study: Study) -> BuiltTable:
    """Present the trained methods two by two on the seeds that both have.

    Raises:
        MissingError: There are no two trained methods, or none with a seed in common.
    """
    need(len(study.trained) > 1, "there are no two trained methods: run another at the same seeds")
    need(study.pairs, "no two trained methods have a seed in common: run them at the same seeds")
    return paired_table(
        "Paired comparisons",
        study.comparisons,
        {method: Side(study.of_method(method)) for method in study.trained},
        family="over the pairs in one metric",
        groups=[sum(one.metric == name for one in study.comparisons) for name in COMPARED],
        first=[study.facts.truth_line],
        last=unpaired_note(study),
    )


def paired_table(
    title: str,
    comparisons: Sequence[Comparison],
    sides: Mapping[str, Side],
    *,
    family: str,
    groups: Sequence[int],
    first: Sequence[str] = (),
    last: Sequence[str] = (),
) -> BuiltTable:
    """Present comparisons, a row each.

    Args:
        title: Of the table.
        comparisons: In the order of rows.
        sides: What stands behind each name in them.
        family: Over what p-values were corrected together, in words.
        groups: Sizes of groups of rows.
        first: Lines of the caption before those that explain the columns.
        last: Lines after them.
    """
    shown = TextTable(
        title=title,
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
        rows=tuple(_row(one, sides[one.method], sides[one.other]) for one in comparisons),
        caption="\n".join(
            [
                *first,
                "Budget: what each method had for a seed, the first before the second where they "
                "are not equal.",
                "Difference: mean over the seeds that both methods have, first minus second, with "
                "its bootstrap interval over seeds, widened where they are few. Intervals are of "
                "each pair alone: one may leave out 0 where p, corrected, is not significant.",
                "p: two-sided sign-flip test of the paired differences, by all patterns of signs "
                f"up to {MAX_EXACT_PAIRS} seeds, by {SAMPLED_PATTERNS:,} drawn ones above; Holm: "
                f"corrected {family}; a pair differs if it is at most "
                f"{ALPHA:g}. Wilcoxon's signed-rank test stands beside it. “Not significant” does "
                "not mean equal; “out of reach” means that no difference could be significant "
                "with so few seeds.",
                "Detectable difference: the least that so many seeds of this spread show with "
                f"probability {POWER:.0%}; seeds needed: how many would show the difference "
                f"found, {UNDEFINED} over {MAX_SEEDS:,}. Both are a rough guide, by a paired "
                f"t-test at {ALPHA:g} divided by the number of pairs; of fewer than twelve seeds "
                "the sign-flip test makes somewhat less.",
                *last,
            ]
        ),
        names=5,
        groups=tuple(groups),
    )
    numbers = pd.DataFrame(
        {
            "metric": one.metric,
            "method": one.method,
            "other": one.other,
            "seeds": " ".join(map(str, one.seeds)),
            "budget": sides[one.method].budget,
            "other_budget": sides[one.other].budget,
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
        for one in comparisons
    )
    return BuiltTable(shown, numbers)


def _row(one: Comparison, own: Side, other: Side) -> tuple[TableCell, ...]:
    metric = METRICS[one.metric]
    digits = digits_of(metric)
    records = own.names(one.seeds) + other.names(one.seeds)
    signed = [_signed(value, digits) for value in (one.difference, one.low, one.high)]
    interval = UNDEFINED if UNDEFINED in signed else f"[{signed[1]}, {signed[2]}]"
    return (
        TableCell(
            metric.title
            + (f" ({'points' if metric.unit == '%' else metric.unit})" if metric.unit else "")
        ),
        TableCell(f"{one.method} − {one.other}"),
        TableCell(ranges(one.seeds)),
        TableCell(_budget(own.budget, other.budget)),
        TableCell(_verdict(one), bold=one.is_significant),
        TableCell(signed[0], value=_sortable(one.difference), records=records),
        TableCell(interval, value=_sortable(one.low), records=records),
        *(
            TableCell(_p(value), value=_sortable(value), records=records)
            for value in (one.p_value, one.adjusted_p, one.wilcoxon_p)
        ),
        TableCell(_size(one.detectable, digits), value=_sortable(one.detectable), records=records),
        TableCell(UNDEFINED) if one.seeds_needed is None else count_cell(one.seeds_needed),
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
