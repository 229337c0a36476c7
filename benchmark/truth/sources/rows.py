"""The rows of a CSV or Parquet file, whose values are converted one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmark.errors import InputError
from benchmark.spaces.base import Space

Value = TypeVar("Value")


@dataclass(frozen=True)
class Rows:
    """Columns of values; a fault is reported with the file and its line or row."""

    path: Path
    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int] | None  # line of each row in a text, or None for other files

    def converted(self, column: str, convert: Callable[[Any], Value]) -> list[Value]:
        """Return the values of a column, each converted."""
        found: list[Value] = []
        for row, value in enumerate(self.columns[column]):
            try:
                found.append(convert(value))
            except InputError as error:
                raise InputError(f"{self.path}, {self.place(row)}: {error}") from error
        return found

    def converted_once(
        self, column: str, convert: Callable[[Any], int], hint: str = ""
    ) -> list[int]:
        """Return the values of a column after checking that they differ.

        Where they do not, ``hint`` ends the message: what else than keeping one can be done.
        """
        first_row: dict[int, int] = {}
        for row, value in enumerate(self.converted(column, convert)):
            earlier = first_row.setdefault(value, row)
            if earlier != row:
                raise InputError(
                    f"{self.path}, {self.place(row)}: {column} {self.columns[column][row]} is "
                    f"already on {self.place(earlier)}; keep one of them{hint}"
                )
        return list(first_row)

    def of_space(self, arch: str, space: Space) -> tuple[Rows, str]:
        """Return the rows whose architecture a space has, and a note if there are others."""
        kept, faults = [], []
        for row, value in enumerate(self.columns[arch]):
            try:
                space.parse(value)
                kept.append(row)
            except InputError as error:
                faults.append(f"{self.place(row)}: {error}")
        if not faults:
            return self, ""
        if not kept:
            raise InputError(f"{self.path}, {faults[0]}; no other row is valid either")
        columns = {name: [values[row] for row in kept] for name, values in self.columns.items()}
        lines = None if self.lines is None else [self.lines[row] for row in kept]
        note = (
            f"left out: {len(faults):,} of {len(self.columns[arch]):,} rows, as space {space.name} "
            f"lacks their architectures; the first is {faults[0]}"
        )
        return Rows(self.path, columns, lines), note

    def place(self, row: int) -> str:
        """Return where a row is, in words."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"
