"""Importing a table from a file of any known format into the cache folder."""

from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import reason, sha256
from benchmark.truth.curves import write_curves
from benchmark.truth.files.cache import curves_path, imported_names, table_path
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.formats import read_path
from benchmark.truth.registry import TABLES
from benchmark.truth.sources.nats import folder_sha256
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.table import TruthTable


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
        found = read_path(path, options)
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
