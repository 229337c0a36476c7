"""The project's own table file.

The columns are ``code``, one per accuracy, and where the table has them ``official_index``,
``seeds``, ``std`` and ``loss`` before the name of an accuracy and ``cost`` before that of a cost;
``accuracy-by-seed`` and ``loss-by-seed`` before that of an accuracy are lists of a number a seed,
and so is ``machine-by-seed``, which machine trained it.
The texts about them are the table's name, description and source, how far its seeds agree, which
seeds the lists are of, and how its architectures were trained.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.truth.files.arrow import Columns, read_columns, write_columns
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import Agreement, BySeed, Measurements
from benchmark.truth.table import Source, TruthTable

SUFFIX = ".nbtable"
VERSION = "3"
_EARLIER = ("2",)  # versions that are read too: 2 tells no numbers by seed

Key = TypeVar("Key")


def write_table(table: TruthTable, path: str | Path) -> None:
    """Write a table; a reader sees the old file or the new one.

    Args:
        table: What to write.
        path: The file, by custom with the suffix ``.nbtable``.

    Raises:
        CheckError: The system refused.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> key = AccuracyKey("cifar10", "valid", 12)
        >>> one = TruthTable("one", "", Source("-", "-"), np.array([5]), {key: np.array([42.0])})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_table(one, Path(folder) / "one.nbtable")
        ...     read_table(Path(folder) / "one.nbtable").accuracy(key, 5)
        42.0
    """
    measured = table.measurements
    columns: Columns = {"code": table.codes}
    columns.update({str(key): column for key, column in table.accuracies.items()})
    for prefix, group in (
        ("seeds", table.seeds),
        ("std", measured.deviations),
        ("loss", measured.losses),
        ("cost", measured.costs),
    ):
        columns.update({f"{prefix} {key}": column for key, column in group.items()})
    for key, found in measured.by_seed.items():
        columns[f"accuracy-by-seed {key}"] = found.accuracies
        columns[f"loss-by-seed {key}"] = found.losses
    if measured.made_on is not None:
        columns["machine-by-seed"] = measured.made_on
    if table.official_index is not None:
        columns["official_index"] = table.official_index
    about = {
        "name": table.name,
        "description": table.description,
        "source": json.dumps(asdict(table.source)),
        "agreement": json.dumps({str(key): asdict(it) for key, it in measured.agreement.items()}),
        "by_seed": json.dumps({str(key): list(it.seeds) for key, it in measured.by_seed.items()}),
        "protocol": json.dumps(table.protocol, sort_keys=True),
    }
    write_columns(path, VERSION, about, columns)


def read_table(path: str | Path) -> TruthTable:
    """Open a table in milliseconds; its columns are the mapped file, not copies.

    Args:
        path: A file that `write_table` wrote.

    Returns:
        The table, its contents checked against the checksum.

    Raises:
        InputError: The file cannot be read, is damaged, or has another version.
    """
    about, columns = read_columns(path, VERSION, *_EARLIER)
    try:
        return _table(about, columns)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no table file of this program; write it again") from error


def source_from(text: str) -> Source:
    """Return the source that a file's text describes.

    Example:
        >>> source_from(json.dumps(asdict(Source("a.csv", "-"))))
        Source(file='a.csv', sha256='-', kind='', dated='', imported='')
    """
    found = json.loads(text)
    return Source(**{field.name: str(found[field.name]) for field in fields(Source)})


def _table(about: dict[str, str], columns: Columns) -> TruthTable:
    """Put a table together from what was found in a file."""

    def taken(prefix: str, parse: Callable[[str], Key]) -> dict[Key, NDArray[Any]]:
        names = [name for name in columns if name.startswith(f"{prefix} ")]
        return {parse(name.partition(" ")[2]): columns.pop(name) for name in names}

    agreement = json.loads(about["agreement"])
    codes, index = columns.pop("code"), columns.pop("official_index", None)
    seeds, costs = taken("seeds", AccuracyKey.parse), taken("cost", CostKey.parse)
    deviations, losses = taken("std", AccuracyKey.parse), taken("loss", AccuracyKey.parse)
    made_on = columns.pop("machine-by-seed", None)
    lists = taken("accuracy-by-seed", str), taken("loss-by-seed", str)
    by_seed = {
        AccuracyKey.parse(name): BySeed(tuple(seeds), lists[0].pop(name), lists[1].pop(name))
        for name, seeds in json.loads(about.get("by_seed", "{}")).items()
    }
    return TruthTable(
        name=about["name"],
        description=about["description"],
        source=source_from(about["source"]),
        codes=codes,
        accuracies={AccuracyKey.parse(name): column for name, column in columns.items()},
        seeds=seeds,
        official_index=index,
        measurements=Measurements(
            deviations=deviations,
            losses=losses,
            costs=costs,
            agreement={AccuracyKey.parse(k): Agreement(**v) for k, v in agreement.items()},
            by_seed=by_seed,
            made_on=made_on,
        ),
        protocol=dict(json.loads(about.get("protocol", "{}"))),
    )
