"""Whether a table follows from the trainings that it says it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.app.building.assembling import assemble, needed_trainings
from benchmark.app.building.journal import Journal, read_journal
from benchmark.app.building.settings import difference
from benchmark.app.building.told import Told, read_told
from benchmark.app.checking.comparison import ROUNDING
from benchmark.spaces.nb201 import to_string
from benchmark.tasks.protocol import completed
from benchmark.truth import CostKey, Measurements, TruthTable
from benchmark.truth.curves import LearningCurves


def table_differences(table: TruthTable, curves: LearningCurves | None, source: Path) -> list[str]:
    """Put a table together again from its trainings and compare all but times and machines.

    Args:
        table: A table that was built.
        curves: Its learning curves, where they are to be compared too.
        source: The ``trained.jsonl`` that it was made of, or the folder that holds it.

    Returns:
        A line for each thing that differs; numbers by seed must be the same bits.

    Raises:
        InputError: The table was not built, or the trainings cannot be read.
    """
    told = read_told(table)
    journal = read_journal(source if source.is_dir() else source.parent)
    fault = _fault(table, told, journal)
    if fault:
        return [fault]
    again = assemble(journal, told.protocol, table.codes, told.seeds, table.name)
    found = [*_columns(table, again.table), *_by_seed(table, again.table)]
    if curves is not None and again.curves is not None:
        made = again.curves.columns
        if not table.measurements.by_seed:  # of a version that kept means alone
            made = {name: column for name, column in made.items() if name in curves.columns}
        found += _differing("curve", curves.columns, made, table, 0.0)
    if table.source.sha256 != again.table.source.sha256 and not found:
        found.append("the SHA-256 of its trainings differs")
    return found


def _fault(table: TruthTable, told: Told, journal: Journal) -> str | None:
    """Return why a table cannot be of a journal, or None."""
    kept = completed(journal.settings.get("protocol", {}))
    if kept != told.protocol.describe():
        return f"it holds trainings of another kind: {difference(kept, told.protocol.describe())}"
    needed = needed_trainings(table.codes, told.seeds)
    missing = sum(training not in journal.trained for training in needed)
    return f"it lacks {missing:,} of {len(needed):,} trainings" if missing else None


def _columns(table: TruthTable, again: TruthTable) -> Iterator[str]:
    one, other = table.measurements, again.measurements
    yield from _differing("accuracy", table.accuracies, again.accuracies, table)
    yield from _differing("number of seeds", table.seeds, again.seeds, table)
    yield from _differing("deviation", one.deviations, other.deviations, table)
    yield from _differing("loss", one.losses, other.losses, table)
    yield from _differing("cost", _untimed(one), _untimed(other), table)
    for key in sorted(one.agreement.keys() | other.agreement.keys()):
        kept, made = one.agreement.get(key), other.agreement.get(key)
        if not (kept and made and np.isclose(kept.tau, made.tau, ROUNDING, ROUNDING)):
            yield f"agreement of seeds in {key} differs"


def _untimed(measured: Measurements) -> dict[CostKey, NDArray[np.float64]]:
    return {key: column for key, column in measured.costs.items() if key.quantity != "seconds"}


def _by_seed(table: TruthTable, again: TruthTable) -> Iterator[str]:
    kept, made = table.measurements.by_seed, again.measurements.by_seed
    if not kept:  # of a version that did not keep them
        return
    for what in ("accuracies", "losses"):
        yield from _differing(
            f"{what} by seed",
            {key: getattr(single, what) for key, single in kept.items()},
            {key: getattr(single, what) for key, single in made.items()},
            table,
            0.0,
        )


def _differing(
    what: str,
    kept: Mapping[Any, Any],
    made: Mapping[Any, Any],
    table: TruthTable,
    rounding: float = ROUNDING,
) -> list[str]:
    """Compare columns; processors differ in the order in which they sum, where that is allowed."""
    found = []
    for key in sorted(kept.keys() | made.keys()):
        if key not in kept or key not in made or kept[key].shape != made[key].shape:
            found.append(f"{what} of {key} is on one side only")
            continue
        same = np.isclose(kept[key], made[key], rounding, rounding, equal_nan=True)
        rows = np.flatnonzero(~same.reshape(len(table), -1).all(1))
        if rows.size:
            first = to_string(int(table.codes[rows[0]]))
            found.append(
                f"{what} of {key} differs for {rows.size:,} architectures, the first is {first}"
            )
    return found
