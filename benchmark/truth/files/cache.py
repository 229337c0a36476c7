"""A folder for what can be made again: a table is converted once and mapped from then on."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from benchmark.errors import CheckError, InputError
from benchmark.truth.files.nbtable import SUFFIX, read_table, write_table
from benchmark.truth.table import TruthTable

VARIABLE = "NASBENCH_CACHE"


def cache_folder() -> Path:
    """Return the folder named by ``NASBENCH_CACHE``, else the user's own cache folder.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    return Path(os.environ.get(VARIABLE) or platformdirs.user_cache_dir("nasbench")).absolute()


def cached(name: str, make: Callable[[], TruthTable]) -> TruthTable:
    """Return a table from the cache, making it at the first use and when its file is damaged.

    A cache that cannot be written is no error: the table is then made at every use.

    Args:
        name: Name of the file less its suffix; it should change when the source does.
        make: Reads the table from its source.

    Returns:
        The table.
    """
    path = cache_folder() / f"{name}{SUFFIX}"
    with suppress(InputError):
        return read_table(path)
    table = make()
    with suppress(CheckError):
        write_table(table, path)
    return table
