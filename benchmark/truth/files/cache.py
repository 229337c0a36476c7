"""The cache folder: built-in tables converted once, and the tables that the user imported."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from benchmark.errors import CheckError, InputError
from benchmark.truth.curves import SUFFIX as CURVES_SUFFIX
from benchmark.truth.files.nbtable import SUFFIX, read_table, write_table
from benchmark.truth.table import TruthTable

VARIABLE = "NASBENCH_CACHE"
FOLDER = "tables"  # of imports, each with its learning curves beside it


def cache_folder() -> Path:
    """Return the folder named by ``NASBENCH_CACHE``, or the user's own cache folder."""
    named = os.environ.get(VARIABLE) or platformdirs.user_cache_dir("nasbench")
    return Path(named).expanduser().absolute()


def cached(name: str, make: Callable[[], TruthTable]) -> TruthTable:
    """Return a table from the cache; make it at first use, or again if its file is damaged.

    The file's ``name`` should change when the source does. A cache that cannot be written is no
    error.
    """
    path = cache_folder() / f"{name}{SUFFIX}"
    with suppress(InputError):
        return read_table(path)
    table = make()
    with suppress(CheckError):
        write_table(table, path)
    return table


def table_path(name: str) -> Path:
    """Return the path at which the imported table of this name is kept."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*", name) or len(name) > 80:
        raise InputError(
            f"{name[:80]!r} cannot name a table: use letters, digits, and . _ + - between them"
        )
    return cache_folder() / FOLDER / f"{name}{SUFFIX}"


def curves_path(name: str) -> Path:
    """Return the path at which the learning curves of an imported table are kept."""
    return table_path(name).with_name(name + CURVES_SUFFIX)


def curves_beside(table: str) -> Path:
    """Return the path of the learning curves of a table, given its name or path."""
    is_file = table.endswith(SUFFIX)
    return Path(table).with_suffix(CURVES_SUFFIX) if is_file else curves_path(table)


def imported_names() -> list[str]:
    """Return the names of the imported tables in alphabetical order."""
    folder = cache_folder() / FOLDER
    try:
        return sorted(path.stem for path in folder.glob(f"*{SUFFIX}") if path.name[0] != ".")
    except OSError:
        return []


def open_imported(name: str) -> TruthTable | None:
    """Return the imported table of this name, or None if there is none."""
    return read_table(table_path(name)) if name in imported_names() else None
