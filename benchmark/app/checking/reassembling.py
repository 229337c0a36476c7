"""Whether a built table follows from its trainings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.app.building.assembling import assemble, needed_trainings
from benchmark.app.building.build_info import BuildInfo, read_build_info
from benchmark.app.building.journal import Journal, difference, read_journal
from benchmark.app.checking.comparison_checks import ROUNDING
from benchmark.truth import TruthTable
from benchmark.truth.curves import LearningCurves


def table_differences(table: TruthTable, curves: LearningCurves | None, source: Path) -> list[str]:
    """Assemble a table again from its trainings; name what differs but times and machines.

    ``source`` is the ``trained.jsonl`` of the build, or its folder. Numbers by seed must be equal
    to the bit, means up to rounding.
    """
    info = read_build_info(table)
    journal = read_journal(source if source.is_dir() else source.parent)
    fault = _fault(table, info, journal)
    if fault:
        return [fault]
    again = assemble(journal, info.protocol, table.codes, info.seeds, table.name)
    columns, columns_again = _columns(table), _columns(again.table)
    if curves is not None and again.curves is not None:
        columns |= {f"curve of {name}": column for name, column in curves.columns.items()}
        columns_again |= {f"curve of {name}": one for name, one in again.curves.columns.items()}
    found = _differences(columns, columns_again, table)
    if table.source.sha256 != again.table.source.sha256 and not found:
        found.append("the SHA-256 of its trainings differs")
    return found


def _fault(table: TruthTable, info: BuildInfo, journal: Journal) -> str | None:
    """Return why a table cannot be of a journal, or None."""
    settings = {"protocol": info.protocol.describe(), "code": info.code, "images": info.images}
    other = difference({name: journal.settings.get(name) for name in settings}, settings)
    if other:
        return f"it holds trainings of other settings: {other}"
    needed = needed_trainings(table.space, table.codes, info.seeds)
    missing = sum(training not in journal.trained for training in needed)
    return f"it lacks {missing:,} of {len(needed):,} trainings" if missing else None


def _columns(table: TruthTable) -> dict[str, Any]:
    """Return all numbers of a table but times, by what they are."""
    measured = table.measurements
    groups: dict[str, Mapping[Any, Any]] = {
        "accuracy": table.accuracies,
        "number of seeds": table.seeds,
        "deviation": measured.deviations,
        "loss": measured.losses,
        "cost": {key: it for key, it in measured.costs.items() if key.quantity != "seconds"},
        "agreement of seeds": {key: np.array(it.tau) for key, it in measured.agreement.items()},
        "accuracy by seed": {key: it.accuracies for key, it in measured.by_seed.items()},
        "loss by seed": {key: it.losses for key, it in measured.by_seed.items()},
    }
    return {
        f"{what} of {key}": column
        for what, group in groups.items()
        for key, column in group.items()
    }


def _differences(kept: Mapping[str, Any], made: Mapping[str, Any], table: TruthTable) -> list[str]:
    """Compare columns; processors may sum means in another order."""
    found = []
    for name in sorted(kept.keys() | made.keys()):
        if name not in kept or name not in made or kept[name].shape != made[name].shape:
            found.append(f"{name} is on one side only")
            continue
        is_exact = name.startswith("curve") or "by seed" in name
        rounding = 0.0 if is_exact else ROUNDING
        same = np.isclose(kept[name], made[name], rounding, rounding, equal_nan=True)
        if same.ndim == 0 and not same:
            found.append(f"{name} differs")
        elif not same.all():
            rows = np.flatnonzero(~same.reshape(len(table), -1).all(1))
            first = table.space.format(int(table.codes[rows[0]]))
            found.append(f"{name} differs for {rows.size:,} architectures, the first is {first}")
    return found
