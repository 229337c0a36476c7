"""The project's own table file.

Its columns are ``code``, one for each accuracy, and where the table has them:

* ``official_index``;
* ``seeds``, ``std`` and ``loss`` followed by an accuracy, ``cost`` followed by a cost;
* lists with one number per seed: ``accuracy-by-seed`` and ``loss-by-seed`` followed by an
  accuracy, and ``machine-by-seed``, which machine did each training.

Its texts are the table's name, space, description, source and protocol, how well its seeds agree,
and which seeds the lists have.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from benchmark.errors import InputError, naming
from benchmark.spaces.base import Space
from benchmark.spaces.registry import open_space
from benchmark.truth.files.arrow import Columns, read_columns, write_columns
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import Agreement, BySeed, Measurements
from benchmark.truth.table import Source, TruthTable

SUFFIX = ".nbtable"
VERSION = "4"

Key = TypeVar("Key")


def write_table(table: TruthTable, path: str | Path) -> None:
    """Write a table; a concurrent reader sees either the old file or the new one."""
    measured = table.measurements
    columns: Columns = {"code": table.codes}
    columns.update({str(key): column for key, column in table.accuracies.items()})
    for prefix, group in (
        ("seeds", table.seeds),
        ("std", measured.deviations),
        ("loss", measured.losses),
        ("cost", measured.costs),
        ("accuracy-by-seed", {key: it.accuracies for key, it in measured.by_seed.items()}),
        ("loss-by-seed", {key: it.losses for key, it in measured.by_seed.items()}),
    ):
        columns.update({f"{prefix} {key}": column for key, column in group.items()})
    if measured.made_on is not None:
        columns["machine-by-seed"] = measured.made_on
    if table.official_index is not None:
        columns["official_index"] = table.official_index
    about = {
        "name": table.name,
        "space": table.space.name,
        "description": table.description,
        "source": json.dumps(asdict(table.source)),
        "agreement": json.dumps({str(key): asdict(it) for key, it in measured.agreement.items()}),
        "by_seed": json.dumps({str(key): list(it.seeds) for key, it in measured.by_seed.items()}),
        "protocol": json.dumps(table.protocol, sort_keys=True),
    }
    write_columns(path, VERSION, about, columns)


def read_table(path: str | Path) -> TruthTable:
    """Open a table in milliseconds; its columns are views of the mapped file, not copies."""
    about, columns = read_columns(path, VERSION)
    with naming(path, ": "):
        space = open_space(about.get("space", ""))
    try:
        return _table(about, columns, space)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no table file of this program; write it again") from error


def source_from(text: str) -> Source:
    """Return the source that a file's text describes."""
    return Source(**{name: str(value) for name, value in json.loads(text).items()})


def _table(about: dict[str, str], columns: Columns, space: Space) -> TruthTable:
    """Make the table from the texts and columns of a file."""

    def take(prefix: str, parse: Callable[[str], Key]) -> dict[Key, NDArray[Any]]:
        names = [name for name in columns if name.startswith(f"{prefix} ")]
        return {parse(name.partition(" ")[2]): columns.pop(name) for name in names}

    agreement = {
        AccuracyKey.parse(name): Agreement(**values)
        for name, values in json.loads(about["agreement"]).items()
    }
    accuracies, losses = take("accuracy-by-seed", str), take("loss-by-seed", str)
    by_seed = {
        AccuracyKey.parse(name): BySeed(tuple(seeds), accuracies[name], losses[name])
        for name, seeds in json.loads(about["by_seed"]).items()
    }
    seeds = take("seeds", AccuracyKey.parse)
    measurements = Measurements(
        deviations=take("std", AccuracyKey.parse),
        losses=take("loss", AccuracyKey.parse),
        costs=take("cost", CostKey.parse),
        agreement=agreement,
        by_seed=by_seed,
        made_on=columns.pop("machine-by-seed", None),
    )
    codes, index = columns.pop("code"), columns.pop("official_index", None)
    return TruthTable(
        name=about["name"],
        description=about["description"],
        source=source_from(about["source"]),
        codes=codes,
        accuracies={AccuracyKey.parse(name): column for name, column in columns.items()},
        seeds=seeds,
        official_index=index,
        measurements=measurements,
        protocol=dict(json.loads(about["protocol"])),
        space=space,
    )
