"""The list of a report's tables, and making all tables and figures of a study."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.report.figures import FIGURES, CaptionedFigure
from analysis.report.study import Study
from analysis.report.tables.ablation import ablation_comparison_table, ablation_table
from analysis.report.tables.differences import comparison_table
from analysis.report.tables.intervals import interval_table
from analysis.report.tables.outcome import outcome_table
from analysis.report.tables.quality import quality_table
from analysis.report.tables.shared import BuiltTable
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
    """The tables and figures of a study, by name."""

    study: Study  # their input
    tables: Mapping[str, BuiltTable]  # those that could be made
    figures: Mapping[str, CaptionedFigure]  # the figures that could be made
    skipped: Mapping[str, str]  # why each of the others could not


def make_report(study: Study, on_progress: Callable[[float], None] = lambda share: None) -> Report:
    """Make every table and figure for which the records have the data."""
    tables: dict[str, BuiltTable] = {}
    figures: dict[str, CaptionedFigure] = {}
    skipped: dict[str, str] = {}
    for done, name in enumerate([*TABLES, *FIGURES]):
        on_progress(done / (len(TABLES) + len(FIGURES)))
        try:
            if name in TABLES:
                tables[name] = TABLES[name](study)
            else:
                figures[name] = FIGURES[name].draw(study)
        except MissingError as error:
            skipped[name] = str(error)
    return Report(study, tables, figures, skipped)
