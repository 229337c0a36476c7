"""The tables that were imported: one file each in the cache folder, beside its learning curves."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.errors import InputError
from benchmark.truth.curves import SUFFIX as CURVES_SUFFIX
from benchmark.truth.files.cache import cache_folder
from benchmark.truth.files.nbtable import SUFFIX, read_table
from benchmark.truth.table import TruthTable

FOLDER = "tables"
# The sources that are the benchmark itself; the first that was imported in full is the default.
OFFICIAL_KINDS = ("nas-bench-201", "nats-bench")


def table_path(name: str) -> Path:
    """Return where the table of a name lies, or would.

    Raises:
        InputError: The text cannot be a name.

    Example:
        >>> table_path("nas-bench-201").name
        'nas-bench-201.nbtable'
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*", name) or len(name) > 80:
        raise InputError(
            f"{name[:80]!r} cannot name a table: use letters, digits, and . _ + - between them"
        )
    return cache_folder() / FOLDER / f"{name}{SUFFIX}"


def curves_path(name: str) -> Path:
    """Return where the learning curves of a table lie, or would.

    Example:
        >>> curves_path("nas-bench-201").name
        'nas-bench-201.nbcurves'
    """
    return table_path(name).with_name(name + CURVES_SUFFIX)


def curves_beside(table: str) -> Path:
    """Return where the learning curves of a table lie, or would.

    Args:
        table: Its name, or the path of its file.

    Example:
        >>> curves_beside("tables/mine.nbtable").as_posix()
        'tables/mine.nbcurves'
    """
    is_file = table.endswith(SUFFIX)
    return Path(table).with_suffix(CURVES_SUFFIX) if is_file else curves_path(table)


def imported_names() -> list[str]:
    """Return the names of the imported tables, in order."""
    folder = cache_folder() / FOLDER
    try:
        return sorted(path.stem for path in folder.glob(f"*{SUFFIX}") if path.name[0] != ".")
    except OSError:
        return []


def open_imported(name: str) -> TruthTable | None:
    """Return the imported table of a name, or None where there is none.

    Raises:
        InputError: Its file is damaged.
    """
    return read_table(table_path(name)) if name in imported_names() else None


def official_name() -> str | None:
    """Return the name of the official table, where one was imported in full."""
    found: dict[str, str] = {}
    for name in imported_names():
        try:
            table = read_table(table_path(name))
        except InputError:
            continue  # damaged; it is reported when it is asked for
        if table.is_complete:
            found.setdefault(table.source.kind, name)
    return next((found[kind] for kind in OFFICIAL_KINDS if kind in found), None)
