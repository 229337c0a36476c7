"""What ``nasbench tables`` prints, as plain data that JSON can hold."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis.statistics.ceiling import noise_ceiling, table_quality
from analysis.statistics.references import table_references
from benchmark.errors import InputError, MissingError
from benchmark.truth import TABLES, TruthTable, open_table
from benchmark.truth.files.cache import curves_path, imported_names
from benchmark.truth.space_choice import parse_in


class TableLine(NamedTuple):
    """A table in a list."""

    name: str
    space: str
    architectures: int
    accuracies: list[str]
    description: str


def table_lines() -> list[TableLine]:
    """Return the built-in and the imported tables; a damaged file is listed as such."""
    lines = []
    for name in [*TABLES, *(name for name in imported_names() if name not in TABLES)]:
        try:
            table = open_table(name, allow_subset=True)
        except InputError as error:
            lines.append(TableLine(name, "", 0, [], str(error)))
            continue
        accuracies = [*map(str, table.keys)]
        lines.append(TableLine(name, table.space.name, len(table), accuracies, table.description))
    return lines


def table_contents(table: TruthTable, curves: Path | None = None) -> dict[str, Any]:
    """Return what a table holds, as values for JSON."""
    measured = table.measurements
    accuracies = {}
    for key, column in table.accuracies.items():
        numbers: dict[str, Any] = {
            "lowest": float(column.min()),
            "highest": float(column.max()),
            "best": table.space.format(int(table.codes[column.argmax()])),
        }
        if key in table.seeds:
            counts = np.bincount(table.seeds[key])
            numbers["architectures_by_seeds"] = {
                str(number): int(count) for number, count in enumerate(counts) if count
            }
        if key in measured.deviations and not np.all(np.isnan(measured.deviations[key])):
            numbers["mean_deviation"] = float(np.nanmean(measured.deviations[key]))
        accuracies[str(key)] = numbers
    if curves is None and table.name in imported_names():
        curves = curves_path(table.name)
    return {
        "name": table.name,
        "description": table.description,
        "space": table.space.name,
        "source": asdict(table.source),
        "architectures": len(table),
        "of": table.space.size,
        "networks": table.networks,
        "official_index": table.official_index is not None,
        "accuracies": accuracies,
        "losses": [str(key) for key in measured.losses],
        "costs": _costs(table, slice(None)),
        "curves": str(curves) if curves is not None and curves.exists() else None,
        "noise_ceiling": [
            line._asdict() | {"tau": _number(line.tau)} for line in noise_ceiling(table)
        ],
        "references": {
            str(one.key): {
                "params": _number(one.params),
                "flops": _number(one.flops),
                "seeds": one.seeds,
            }
            for one in table_references(table)
        },
        "quality": [one._asdict() | {"key": str(one.key)} for one in table_quality(table)],
        "protocol": dict(table.protocol),
    }


def arch_contents(table: TruthTable, arch: str) -> dict[str, Any]:
    """Return what a table holds on an architecture, as values for JSON."""
    row = _row(table, arch)
    measured = table.measurements
    accuracies: dict[str, dict[str, Any]] = {}
    for key, column in table.accuracies.items():
        accuracies[str(key)] = {"mean": float(column[row])}
        if key in table.seeds:
            accuracies[str(key)]["seeds"] = int(table.seeds[key][row])
        for name, group in (("deviation", measured.deviations), ("loss", measured.losses)):
            if key in group:
                accuracies[str(key)][name] = _number(group[key][row])
        if key in measured.by_seed:
            single = measured.by_seed[key]
            accuracies[str(key)]["by_seed"] = {
                str(seed): {"accuracy": float(accuracy), "loss": _number(loss)}
                for seed, accuracy, loss in zip(
                    single.seeds, single.accuracies[row], single.losses[row], strict=True
                )
                if np.isfinite(accuracy)
            }
    index = table.official_index
    return {
        "table": table.name,
        "arch": table.space.format(int(table.codes[row])),
        "code": int(table.codes[row]),
        "index": None if index is None else int(index[row]),
        "accuracies": accuracies,
        "costs": _costs(table, row),
    }


def _costs(table: TruthTable, rows: int | slice) -> dict[str, dict[str, float | None]]:
    """Return the mean costs of some architectures by training."""
    found: dict[str, dict[str, float | None]] = {}
    for key, column in table.measurements.costs.items():
        values = np.atleast_1d(column[rows])
        known = values[np.isfinite(values)]
        training = found.setdefault(f"{key.run}_{key.epochs}", {})
        training[key.quantity] = float(known.mean()) if known.size else None
    return found


def _row(table: TruthTable, arch: str) -> int:
    """Return the row of an architecture."""
    if not arch.isdecimal() or len(arch) > len(str(table.space.size)):
        return int(table.rows([parse_in(table.space, arch)])[0])
    with suppress(InputError):
        return int(table.rows([table.space.parse(arch)])[0])
    if table.official_index is None:
        raise InputError(
            f"table {table.name!r} has no official numbers: give the architecture's string"
        )
    rows = np.flatnonzero(table.official_index == int(arch))
    if not rows.size:
        raise MissingError(
            f"table {table.name!r} has no architecture {arch}: it holds {len(table):,}"
        )
    return int(rows[0])


def _number(value: float | np.float64) -> float | None:
    """Return a number for JSON, which has neither NaN nor infinity."""
    return float(value) if np.isfinite(value) else None
