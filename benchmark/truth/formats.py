"""The formats of tables that can be imported; a new one is a module of `sources` and an entry."""

import re
import tarfile
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmark.errors import InputError, naming
from benchmark.spaces.registry import open_space
from benchmark.truth.files.nbtable import read_table
from benchmark.truth.sources.accel import is_accel_archive, is_accel_csv, read_accel
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.nas_bench_macro import is_macro_json, read_macro
from benchmark.truth.sources.nats import is_nats_folder, read_nats
from benchmark.truth.sources.official import ArchitectureResults, read_record
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.sources.parquet import read_parquet
from benchmark.truth.sources.pth import PthReader
from benchmark.truth.space_choice import check_space
from benchmark.truth.table import Source
from benchmark.truth.table_from_results import table_from_results
from benchmark.truth.table_with_curves import TableWithCurves

_CHOICES = (
    "import NAS-Bench-201-v1_*.pth, the folder or tar NATS-tss-*-simple, nas-bench-macro_*.json, "
    "anb_dataset_jsons.tar.gz, .csv, .parquet or .nbtable"
)
_HEAD = 512  # bytes at the beginning of a file that tell its format
_PTH_KEYS = {"less": 12, "full": 200}  # what the file calls its numbers of epochs


Reader = Callable[[Path, ImportOptions], TableWithCurves]


@dataclass(frozen=True)
class TableFormat:
    """A format of tables: how to recognise and to read it."""

    matches: Callable[[Path, bytes], bool]  # whether a path with these first bytes is of it
    read: Reader
    space: str | None = None  # the only space with tables of this format


def read_path(path: Path, options: ImportOptions) -> TableWithCurves:
    """Detect the format by the first bytes and read the file or folder."""
    if path.is_dir():
        if not is_nats_folder(path):
            raise InputError(f"{path} holds no 000000.pickle.pbz2 or the like; {_CHOICES}")
        head = b""
    else:
        with path.open("rb") as file:
            head = file.read(_HEAD).removeprefix(BOM_UTF8)
    form = next((form for form in FORMATS if form.matches(path, head)), None)
    if form is None:
        raise InputError(f"{path} is of no known format; {_CHOICES}")
    if form.space is not None:
        check_space(f"{path} is a table", open_space(form.space), options.space)
    found = form.read(path, options)
    check_space(f"{path} is a table", found.table.space, options.space)
    return found


def _read_pth(path: Path, options: ImportOptions) -> TableWithCurves:
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
            space=open_space("nb201"),
            name=options.name or "nas-bench-201",
            description=f"NAS-Bench-201's own numbers, from {path.name}",
            source=source_of(path, reader.sha256, "nas-bench-201"),
        )


def _read_nats(path: Path, options: ImportOptions) -> TableWithCurves:
    with naming(path, ": "):
        found = read_nats(path, curves=options.curves, jobs=options.jobs, show=options.show)
    with naming(path):
        _check_index(found.entries, found.meta, options.allow_subset)
        return table_from_results(
            found.entries,
            space=open_space("nb201"),
            name=options.name or "nats-bench",
            description=f"NATS-Bench's own numbers for NAS-Bench-201's cells, from {path.name}",
            source=source_of(path, found.sha256, "nats-bench"),
        )


def _published(read: Callable[..., TableWithCurves], kind: str) -> Reader:
    """Return a reader of a benchmark's own file, of which ``read`` makes a table of a name."""

    def read_published(path: Path, options: ImportOptions) -> TableWithCurves:
        found = read(path, name=options.name)
        table = found.table
        table = replace(
            table,
            source=source_of(path, table.source.sha256, kind),
            protocol={"notes": [*found.notes], **table.protocol},
        )
        return replace(found, table=table)

    return read_published


def _read_nbtable(path: Path, options: ImportOptions) -> TableWithCurves:
    table = read_table(path)
    return TableWithCurves(replace(table, name=options.name or table.name))


def _read_columns(path: Path, options: ImportOptions) -> TableWithCurves:
    is_csv = path.suffix.lower() == ".csv"
    name = re.sub(r"[^A-Za-z0-9_+-]+", "-", path.stem).strip("-") or "table"
    read = read_csv if is_csv else read_parquet
    found = read(path, replace(options, name=options.name or name))
    source = source_of(path, found.table.source.sha256, "csv" if is_csv else "parquet")
    return replace(found, table=replace(found.table, source=source))


def _refuse_pickle(path: Path, options: ImportOptions) -> TableWithCurves:
    raise InputError(
        f"{path} is a pickled data frame, and unpickling can run any program: if you trust its "
        f"origin, convert it in Python, import pandas; pandas.read_pickle({path.name!r})"
        f".to_csv({path.stem + '.csv'!r}, index=False), and import {path.stem}.csv"
    )


def _refuse_zip(path: Path, options: ImportOptions) -> TableWithCurves:
    raise InputError(
        f"{path} is a zip archive, as newer versions of PyTorch save; the official files are "
        "not: import the file as it was published"
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
            string = open_space("nb201").format(entry.code)
            if not 0 <= index < len(strings) or strings[index] != string:
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


def source_of(path: Path, checksum: str, kind: str) -> Source:
    """Return the source of a table that is imported now."""
    dated = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    now = datetime.now(timezone.utc)
    shown = [moment.isoformat(timespec="seconds") for moment in (dated, now)]
    return Source(path.resolve().name, checksum, kind, *shown)


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except Exception:  # a damaged file can raise anything
        return False


FORMATS = (
    TableFormat(lambda path, head: path.is_dir(), _read_nats, "nb201"),
    TableFormat(lambda path, head: head.startswith(b"\x80\x02\x8a\x0a"), _read_pth, "nb201"),
    TableFormat(lambda path, head: head.startswith(b"\x80") and b"pandas" in head, _refuse_pickle),
    TableFormat(lambda path, head: head.startswith(b"PK\x03\x04"), _refuse_zip),
    TableFormat(lambda path, head: head.startswith(b"ARROW1"), _read_nbtable),
    TableFormat(lambda path, head: head.startswith(b"PAR1"), _read_columns),
    TableFormat(
        lambda path, head: is_accel_csv(head), _published(read_accel, "accel-nasbench"), "accel"
    ),
    TableFormat(
        lambda path, head: is_macro_json(head), _published(read_macro, "nas-bench-macro"), "macro"
    ),
    TableFormat(lambda path, head: path.suffix.lower() == ".csv", _read_columns),
    TableFormat(
        lambda path, head: is_accel_archive(path), _published(read_accel, "accel-nasbench"), "accel"
    ),
    TableFormat(lambda path, head: _is_tar(path), _read_nats, "nb201"),
)
"""The formats; the first that matches is taken."""
