"""Importing a table from a file of any known format into the cache folder."""

import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmark.errors import InputError, naming
from benchmark.files import reason, sha256
from benchmark.spaces.nb201 import to_string
from benchmark.truth.curves import write_curves
from benchmark.truth.files.cache import curves_path, imported_names, table_path
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.registry import TABLES
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.nats import folder_sha256, is_nats_folder, read_nats
from benchmark.truth.sources.official import ArchitectureResults, read_record
from benchmark.truth.sources.parquet import read_parquet
from benchmark.truth.sources.pth import PthReader
from benchmark.truth.table import Source, TruthTable
from benchmark.truth.table_from_results import TableWithCurves, table_from_results

_CHOICES = (
    "import NAS-Bench-201-v1_*.pth, the folder or tar NATS-tss-*-simple, .csv, .parquet or .nbtable"
)
_PTH_KEYS = {"less": 12, "full": 200}  # what the file calls its numbers of epochs


@dataclass(frozen=True)
class ImportOptions:
    """How to read a file."""

    name: str | None = None  # name of the table; the default depends on the file
    curves: bool = False  # whether to read the accuracy after each epoch too
    allow_subset: bool = False  # whether architectures may be missing
    epochs: int | None = None  # length of the training, for files that do not state it
    jobs: int = 1  # number of processes, for formats with many files
    replace: bool = False  # whether a table of the same name from another file may be replaced
    show: Callable[[float], None] = lambda share: None  # called with the share that has been read


@dataclass(frozen=True)
class ImportResult:
    """An imported table."""

    table: TruthTable
    path: Path
    curves: Path | None  # the file of its learning curves, or None
    notes: tuple[str, ...]  # what was left out, and what differs from the formula


def import_table(path: Path, options: ImportOptions | None = None) -> ImportResult:
    """Read a table from a file or folder and write it to the cache folder."""
    options = options or ImportOptions()
    if options.name is not None:
        _check_name(options.name)
    try:
        found = _read(path, options)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    table = found.table
    target = _check_name(table.name)
    if table.name in imported_names() and not options.replace:
        try:
            earlier = read_table(target).source.sha256
        except InputError:
            earlier = table.source.sha256  # a damaged table is replaced
        if earlier != table.source.sha256:
            raise InputError(
                f"there is a table {table.name!r} already, from another file; "
                "give another name with --name, or --replace"
            )
    write_table(table, target)
    curves = curves_path(table.name)
    if found.curves is None:
        curves.unlink(missing_ok=True)
        return ImportResult(table, target, None, found.notes)
    write_curves(found.curves, curves)
    return ImportResult(table, target, curves, found.notes)


def source_sha256(path: Path) -> str:
    """Return the SHA-256 of a file or folder as an import records it."""
    try:
        return folder_sha256(path) if path.is_dir() else sha256(path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error


def _check_name(name: str) -> Path:
    path = table_path(name)
    if name in TABLES:
        raise InputError(f"{name!r} is the name of a built-in table; give another --name")
    return path


def _read(path: Path, options: ImportOptions) -> TableWithCurves:
    """Detect the format by the first bytes and read the file."""
    if path.is_dir():
        if not is_nats_folder(path):
            raise InputError(f"{path} holds no 000000.pickle.pbz2 or the like; {_CHOICES}")
        return _from_nats(path, options)
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"\x80\x02\x8a\x0a"):
        return _from_pth(path, options)
    if head.startswith(b"\x80") and b"pandas" in head:
        raise InputError(
            f"{path} is a pickled data frame, and unpickling can run any program: if you trust its "
            f"origin, convert it in Python, import pandas; pandas.read_pickle({path.name!r})"
            f".to_csv({path.stem + '.csv'!r}, index=False), and import {path.stem}.csv"
        )
    if head.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{path} is a zip archive, as newer versions of PyTorch save; the official files are "
            "not: import the file as it was published"
        )
    if head.startswith(b"ARROW1"):
        table = read_table(path)
        return TableWithCurves(replace(table, name=options.name or table.name), None)
    is_parquet = head.startswith(b"PAR1")
    if is_parquet or path.suffix.lower() == ".csv":
        read = read_parquet if is_parquet else read_csv
        name = re.sub(r"[^A-Za-z0-9_+-]+", "-", path.stem).strip("-") or "table"
        table = read(
            path,
            name=options.name or name,
            allow_subset=options.allow_subset,
            epochs=options.epochs,
        )
        source = _source(path, table.source.sha256, "parquet" if is_parquet else "csv")
        return TableWithCurves(replace(table, source=source), None)
    if _is_tar(path):
        return _from_nats(path, options)
    raise InputError(f"{path} is of no known format; {_CHOICES}")


def _from_pth(path: Path, options: ImportOptions) -> TableWithCurves:
    entries: list[ArchitectureResults] = []
    reader = PthReader(path, options.show)
    with naming(path):
        for index, record in reader.records():
            if not isinstance(record, dict) or set(record) != set(_PTH_KEYS):
                raise InputError(f"has an architecture {index} without 'less' and 'full'")
            by_epochs = {_PTH_KEYS[key]: state for key, state in record.items()}
            entries.append(read_record(index, by_epochs, curves=options.curves))
        _check_index(entries, reader.others, options.allow_subset)
        return table_from_results(
            entries,
            name=options.name or "nas-bench-201",
            description=f"NAS-Bench-201's own numbers, from {path.name}",
            source=_source(path, reader.sha256, "nas-bench-201"),
        )


def _from_nats(path: Path, options: ImportOptions) -> TableWithCurves:
    with naming(path, ": "):
        found = read_nats(path, curves=options.curves, jobs=options.jobs, show=options.show)
    with naming(path):
        _check_index(found.entries, found.meta, options.allow_subset)
        return table_from_results(
            found.entries,
            name=options.name or "nats-bench",
            description=f"NATS-Bench's own numbers for NAS-Bench-201's cells, from {path.name}",
            source=_source(path, found.sha256, "nats-bench"),
        )


def _check_index(
    entries: list[ArchitectureResults], about: dict[str, Any], allow_subset: bool
) -> None:
    """Compare the architectures that were read with the lists in the file."""
    strings = about.get("meta_archs")
    if strings is not None:
        if not isinstance(strings, list):
            raise InputError("has a meta_archs that is no list")
        for entry in entries:
            index = -1 if entry.index is None else entry.index
            if not 0 <= index < len(strings) or strings[index] != to_string(entry.code):
                raise InputError(f"has an architecture {index} that does not match its list")
    promised = about.get("evaluated_indexes")
    if promised is None or allow_subset:
        return
    if not isinstance(promised, (set, list)) or not all(type(it) is int for it in promised):
        raise InputError("has an evaluated_indexes that is no list of numbers")
    missing = set(promised) - {entry.index for entry in entries}
    if missing:
        raise InputError(
            f"lists {len(promised):,} architectures but lacks {len(missing):,} of them; get the "
            "missing files, or allow a subset (--allow-subset)"
        )


def _source(path: Path, checksum: str, kind: str) -> Source:
    dated = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    now = datetime.now(timezone.utc)
    shown = [moment.isoformat(timespec="seconds") for moment in (dated, now)]
    return Source(path.resolve().name, checksum, kind, *shown)


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except Exception:  # a damaged file can raise anything
        return False
