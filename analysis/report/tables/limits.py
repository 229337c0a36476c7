"""What a report says of the limits that the truth's own noise sets."""

from __future__ import annotations

from analysis.figures.curves import validation_key
from analysis.report.page.picture import number_text
from analysis.report.study import Study
from analysis.statistics.ceiling import noise_limit
from analysis.tables.facts import describe


def limit_of(study: Study) -> float | None:
    """Return the tau that perfect scores reach, where the table tells how far its seeds agree."""
    return noise_limit(study.table, study.key)


def limit_text(study: Study) -> str:
    """Say what the line of the noise ceiling is, or nothing where there is none."""
    limit = limit_of(study)
    if limit is None:
        return ""
    return (
        f" Noise ceiling: τ = {number_text(limit)} is what perfect scores would reach over all "
        "architectures, as the table's own accuracies vary with their seeds."
    )


def validation_text(study: Study) -> str:
    """Say what the curve of the validation accuracy is, or why there is none."""
    other = validation_key(study.table, study.key)
    if other is None:
        return f"The table {study.table.name} has no validation accuracy to take as scores."
    return (
        f"Validation: the table's own {describe(other)}, taken as scores; it is no "
        "ceiling, as it may come from the same trained weights as the truth."
    )
