"""The table of paired comparisons of methods on the same seeds, with tests and intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from analysis.metrics.ranking import METRICS
from analysis.report.study import COMPARED, Study, record_name, require
from analysis.report.tables.shared import EMPTY, BuiltTable, count_cell, unpaired_note
from analysis.statistics.paired import ALPHA, MAX_SEEDS, POWER, PairedComparison
from analysis.statistics.permutation import MAX_EXACT_PAIRS, SAMPLED_PATTERNS
from analysis.tables import TableCell, TextTable
from analysis.tables.captions import ranges
from analysis.tables.cells import UNDEFINED, number_cell
from benchmark.records import RunRecord


class Side(NamedTuple):
    """One side of a comparison."""

    records: Sequence[RunRecord]  # runs of one method with one set of options, one per seed
    folder: str = ""  # their folder inside the study's folder; empty for the study's own

    @property
    def budget(self) -> int:
        """The budget of each run, in images."""
        return int(self.records[0].budget["budget"])

    @property
    def seeds(self) -> set[int]:
        """The seeds of the runs."""
        return {record.seed for record in self.records}

    def names(self, seeds: Sequence[int]) -> tuple[str, ...]:
        """Return the names of the records at some seeds."""
        names = {record.seed: record_name(record, self.folder) for record in self.records}
        return tuple(names[seed] for seed in seeds)


def comparison_table(study: Study) -> BuiltTable:
    """Return the comparisons of all pairs of trained methods on the seeds that both have."""
    require(
        len(study.trained) > 1, "there are no two trained methods: run another at the same seeds"
    )
    require(study.pairs, "no two trained methods have a seed in common: run them at the same seeds")
    return paired_table(
        "Paired comparisons",
        study.comparisons,
        {method: Side(study.of_method(method)) for method in study.trained},
        family="over the pairs in one metric",
        groups=[sum(one.metric == name for one in study.comparisons) for name in COMPARED],
        first=[study.context.truth_line],
        last=unpaired_note(study),
    )


def paired_table(
    title: str,
    comparisons: Sequence[PairedComparison],
    sides: Mapping[str, Side],
    *,
    family: str,
    groups: Sequence[int],
    first: Sequence[str] = (),
    last: Sequence[str] = (),
) -> BuiltTable:
    """Return a table of comparisons, a row each.

    ``sides`` are the runs behind each name in them, ``family`` says over which pairs p-values were
    corrected together, ``groups`` are sizes of groups of rows, and ``first`` and ``last`` lines of
    the caption.
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
                "Budget: of each method per seed, the first before the second where they "
                "are not equal.",
                "Difference: mean over the seeds that both methods have, first minus second, with "
                "its bootstrap interval over seeds, widened for few seeds. Intervals are not "
                "corrected for the number of pairs: one may exclude 0 where p is not significant.",
                "p: two-sided sign-flip test of the paired differences, over all patterns of signs "
                f"up to {MAX_EXACT_PAIRS} seeds, {SAMPLED_PATTERNS:,} random ones above; Holm: "
                f"corrected {family}; a pair differs if it is at most {ALPHA:g}. Wilcoxon's "
                "signed-rank test is shown beside it. “Not significant” does not mean equal; “out "
                "of reach” means that no difference could be significant with so few seeds.",
                "Detectable difference: the smallest that so many seeds of this spread show with "
                f"probability {POWER:.0%}; seeds needed: how many would show the difference "
                f"found, {UNDEFINED} over {MAX_SEEDS:,}. Both are a rough guide, by a paired "
                f"t-test at {ALPHA:g} divided by the number of pairs; with fewer than twelve seeds "
                "the sign-flip test has somewhat less power.",
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


def _row(one: PairedComparison, own: Side, other: Side) -> tuple[TableCell, ...]:
    metric = METRICS[one.metric]
    records = own.names(one.seeds) + other.names(one.seeds)
    difference, low, high = (
        _signed(number_cell(value, metric.digits, records))
        for value in (one.difference, one.low, one.high)
    )
    interval = low
    if low.value is not None:
        interval = low._replace(text=f"[{low.text}, {high.text}]")
    return (
        TableCell(metric.label.replace("(%)", "(points)")),
        TableCell(f"{one.method} − {one.other}"),
        TableCell(ranges(one.seeds)),
        TableCell(_budget(own.budget, other.budget)),
        TableCell(_verdict(one), bold=one.is_significant),
        difference,
        interval,
        *(_p_cell(value, records) for value in (one.p_value, one.adjusted_p, one.wilcoxon_p)),
        number_cell(one.detectable, metric.digits, records),
        EMPTY if one.seeds_needed is None else count_cell(one.seeds_needed),
    )


def _budget(own: int, other: int) -> str:
    return f"{own:,}" if own == other else f"{own:,} / {other:,}"


def _verdict(one: PairedComparison) -> str:
    if one.better is not None:
        return f"{one.better} is better"
    return "not significant" if one.reachable else "not significant, out of reach"


def _signed(cell: TableCell) -> TableCell:
    """Return a number's cell with a plus sign before a positive one."""
    if cell.value is None or cell.text.startswith("−") or float(cell.text) == 0:
        return cell
    return cell._replace(text=f"+{cell.text}")


def _p_cell(value: float, records: tuple[str, ...]) -> TableCell:
    cell = number_cell(value, 3, records)
    return cell._replace(text="<0.001") if value < 0.001 else cell
