"""Everything that a report may hold, made for one study; what cannot be made says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.report.page.picture import Picture
from analysis.report.pictures import PICTURES
from analysis.report.study import Study
from analysis.report.tables.ablation import ablation_comparison_table, ablation_table
from analysis.report.tables.differences import comparison_table
from analysis.report.tables.intervals import interval_table
from analysis.report.tables.outcome import outcome_table
from analysis.report.tables.quality import BuiltTable, quality_table
from analysis.report.tables.spending import runs_table, spending_table
from analysis.report.tables.truth import truth_table
from benchmark.errors import MissingError

TABLES: Mapping[str, Callable[[Study], BuiltTable]] = MappingProxyType(
    {
        "quality": quality_table,
        "outcome": outcome_table,
        "truth": truth_table,
        "intervals": interval_table,
        "comparisons": comparison_table,
        "ablation": ablation_table,
        "ablation-comparisons": ablation_comparison_table,
        "budget": spending_table,
        "runs": runs_table,
    }
)
"""The tables by name, in the order of a report; a new one is a function and a line here."""


@dataclass(frozen=True, eq=False)
class Report:
    """What was made.

    Attributes:
        study: From what.
        tables: By name.
        pictures: By name.
        skipped: Why each of the others is not there, by name.
    """

    study: Study
    tables: Mapping[str, BuiltTable]
    pictures: Mapping[str, Picture]
    skipped: Mapping[str, str]


def make_report(study: Study, tell: Callable[[float], None] = lambda share: None) -> Report:
    """Make every table and figure that the records can feed.

    Args:
        study: The runs.
        tell: Is told how much is done, from 0 to 1.

    Returns:
        Them, and why others are missing.
    """
    tables: dict[str, BuiltTable] = {}
    pictures: dict[str, Picture] = {}
    skipped: dict[str, str] = {}
    steps = len(TABLES) + len(PICTURES)
    for done, (name, build) in enumerate(TABLES.items()):
        tell(done / steps)
        try:
            tables[name] = build(study)
        except MissingError as error:
            skipped[name] = str(error)
    for done, (name, record) in enumerate(PICTURES.items(), start=len(TABLES)):
        tell(done / steps)
        try:
            pictures[name] = record.draw(study)
        except MissingError as error:
            skipped[name] = str(error)
    return Report(study, tables, pictures, skipped)
