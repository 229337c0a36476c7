"""Whether the tables that lie beside records follow from them, and the truth is what it was."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.tables import MethodComparison
from baselines.registry import METHODS
from benchmark.app.checking.findings import Checks
from benchmark.errors import InputError
from benchmark.files import read_bounded, sha256
from benchmark.records import Manifest, RunRecord, read_manifest, record_path
from benchmark.records.manifest import SUFFIX
from benchmark.truth import TABLES, AccuracyKey, TruthTable, open_table, read_again
from benchmark.truth.files.library import imported_names, open_imported

ROUNDING = 1e-12  # processors differ in the order in which they sum
MOST_BYTES = 1 << 24  # of a table beside records; ours have a few thousand
_COLUMNS = ("method", "runs", "table", "accuracy", "architectures")


@dataclass(frozen=True)
class TableChoice:
    """Which truth to take, where the user says so.

    Attributes:
        table: Name or path of a table; None takes what a comparison names.
        accuracy: Which accuracy; None likewise.
    """

    table: str | None = None
    accuracy: str | None = None


def check_manifests(folder: Path, checks: Checks) -> dict[str, Manifest]:
    """Check that every file is there that a manifest names, as it was.

    Args:
        folder: Where manifests and files are.
        checks: Where the outcome goes.

    Returns:
        The manifests that can be read, by the name of their comparison.
    """
    manifests = {}
    for path in sorted(folder.glob(f"[!.]*{SUFFIX}")):
        with checks.of(path.name, "manifest"):
            manifest = read_manifest(path)
            manifests[path.name.removesuffix(SUFFIX)] = manifest
            for name, kept in sorted(manifest.files.items()):
                is_there = (folder / name).is_file()
                checks.that(is_there, name, f"it is missing, {path.name} lists it")
                if is_there:
                    checks.that(
                        sha256(folder / name) == kept,
                        name,
                        f"it is not the file that {path.name} lists",
                    )
    return manifests


def check_comparisons(
    folder: Path,
    records: Sequence[RunRecord],
    manifests: Mapping[str, Manifest],
    choice: TableChoice,
    checks: Checks,
) -> None:
    """Compute every comparison of a folder again, and check what it was held against.

    Args:
        folder: Where the comparisons are.
        records: The runs of the folder.
        manifests: What `check_manifests` returned.
        choice: Which truth to take.
        checks: Where the outcome goes, and which table is not there.
    """
    sources: set[str] = set()
    for path, kept in _kept_summaries(folder, checks):
        manifest = manifests.get(path.stem)
        names = None if manifest is None else set(manifest.files)
        methods = [str(name) for name in kept["method"]]
        runs = [
            record
            for record in records
            if record.name in methods
            and (names is None or record_path("", record.unit).name in names)
        ]
        opened = _truth(path, kept, choice, checks)
        if opened is None:
            continue
        truth, key = opened
        if truth.name not in sources:
            sources.add(truth.name)
            _check_source(truth, checks)
        if manifest is not None:
            checks.that(
                (truth.name, str(key), truth.digest(key))
                == (manifest.table, manifest.accuracy, manifest.truth),
                path.name,
                f"{key} of table {truth.name} is not the truth that it was held against",
            )
        with checks.of(path.name, "table"):
            references = [name for name in methods if name in METHODS and METHODS[name].reference]
            runs.sort(key=lambda record: (methods.index(record.name), record.seed))
            made = MethodComparison(runs, truth, key, methods, references)
            _check_summary(path, kept, pd.read_csv(io.StringIO(made.csv)), checks)
            text = path.with_suffix(".md")
            if text.is_file():
                checks.that(
                    _contents(text).decode().replace("\r\n", "\n") == made.markdown,
                    text.name,
                    "it is not the table that its records and the truth give",
                )


def _check_source(table: TruthTable, checks: Checks) -> None:
    """Check that a built-in table in the cache is the one of its source."""
    again = read_again(table)
    if again is not None:
        for key in again.keys:
            checks.that(
                key in table.accuracies and table.digest(key) == again.digest(key),
                f"table {table.name}",
                f"its {key} is not that of {again.source.file}: delete it from the cache",
            )


def _kept_summaries(folder: Path, checks: Checks) -> list[tuple[Path, pd.DataFrame]]:
    """Return the CSV files of a folder that hold comparisons; others are not ours."""
    found = []
    for path in sorted(folder.glob("[!.]*.csv")):
        with checks.of(path.name, "table"):
            kept = pd.read_csv(io.BytesIO(_contents(path)))
            if set(_COLUMNS) <= set(kept.columns) and len(kept):
                found.append((path, kept))
    return found


def _contents(path: Path) -> bytes:
    return read_bounded(path, MOST_BYTES, "a comparison has fewer", name="it")


def _truth(
    path: Path, kept: pd.DataFrame, choice: TableChoice, checks: Checks
) -> tuple[TruthTable, AccuracyKey] | None:
    """Open what was asked for, else what a comparison names; None where that cannot be.

    A comparison may come from a stranger: it names tables that are known, and no files.
    """
    name, accuracy = (str(kept[column].iloc[0]) for column in ("table", "accuracy"))
    wanted, shown = choice.table or name, name if name.isprintable() else repr(name)
    is_file = choice.table is not None and Path(choice.table).exists()
    if not (wanted in TABLES or wanted in imported_names() or is_file):
        checks.missing.append(
            f"{path} was held against table {shown:.80}: name its file with --table"
        )
        return None
    with checks.of(f"table {wanted}", "contents"):
        truth = open_table(wanted, allow_subset=True) if choice.table else _open_known(name)
        key = AccuracyKey.parse(choice.accuracy or accuracy)
        truth.accuracy(key)
        return truth, key
    return None


def _open_known(name: str) -> TruthTable:
    """Open a table that is built in or imported, even where its name looks like a path."""
    table = TABLES[name].open() if name in TABLES else open_imported(name)
    if table is None:
        raise InputError("it is gone from the cache")
    return table


def _check_summary(path: Path, kept: pd.DataFrame, made: pd.DataFrame, checks: Checks) -> None:
    """Check a summary cell by cell."""
    checks.that(
        list(kept.columns) == list(made.columns) and len(kept) == len(made),
        path.name,
        "it has other rows or columns than its records give",
    )
    for column in made.columns:
        if column not in kept or len(kept) != len(made):
            continue
        for method, old, new in zip(made["method"], kept[column], made[column], strict=True):
            checks.that(
                _equal(old, new),
                path.name,
                f"{column} of {method} is {old}, its records and the truth give {new}",
            )


def _equal(old: object, new: object) -> bool:
    if isinstance(old, (int, float, np.number)) and isinstance(new, (int, float, np.number)):
        return bool(
            np.isclose(float(old), float(new), rtol=ROUNDING, atol=ROUNDING, equal_nan=True)
        )
    return str(old) == str(new)
