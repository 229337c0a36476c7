"""What a source returns: a table, and what else was found beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.truth.table import TruthTable

if TYPE_CHECKING:
    from benchmark.truth.curves import LearningCurves  # imports Arrow, which is slow


@dataclass(frozen=True)
class TableWithCurves:
    """A table and its learning curves."""

    table: TruthTable
    curves: LearningCurves | None = None  # the learning curves, if they were read
    notes: tuple[str, ...] = ()  # what was left out, and what differs from the formula
