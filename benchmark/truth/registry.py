"""Opening a table by its name or by the path of its file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from benchmark.errors import InputError, unknown_name
from benchmark.spaces.base import Space
from benchmark.truth.sources import analog
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.space_choice import check_space
from benchmark.truth.table import TruthTable


def open_table(
    name_or_path: str | Path, *, allow_subset: bool = False, space: Space | None = None
) -> TruthTable:
    """Open a built-in or imported table by its name, or a ``.csv`` or ``.nbtable`` file.

    A table must hold the whole space, unless a subset is allowed or the space cannot be
    enumerated: its tables are samples. If a ``space`` is given, the table must be of it; a
    ``.csv`` file without it is of the space that has its first architectures.

    Example:
        >>> table = open_table("analog-nasbench")
        >>> table.name, len(table), [str(key) for key in table.keys]
        ('analog-nasbench', 15625, ['cifar10_test_200'])
    """
    if Path(name_or_path).suffix.lower() == ".csv":
        # it names a missing architecture
        return read_csv(name_or_path, ImportOptions(allow_subset=allow_subset, space=space)).table
    table = _open(name_or_path)
    check_space(f"table {table.name!r} is", table.space, space)
    if table.space.is_enumerable and not (table.is_complete or allow_subset):
        raise InputError(
            f"table {table.name!r} holds {table.share}: give a "
            "complete one, or allow a subset (--allow-subset)"
        )
    return table


def _open(name_or_path: str | Path) -> TruthTable:
    if str(name_or_path) in TABLES:
        return TABLES[str(name_or_path)]()
    suffix = Path(name_or_path).suffix.lower()
    if suffix == ".nbtable":
        from benchmark.truth.files.nbtable import read_table  # Arrow is slow to import

        return read_table(name_or_path)
    from benchmark.truth.files.cache import imported_names, open_imported

    table = open_imported(str(name_or_path))
    if table is None:
        choices = [*TABLES, *imported_names(), "<path>.csv", "<path>.nbtable"]
        raise unknown_name("table", str(name_or_path), choices)
    return table


def _open_analog() -> TruthTable:
    from benchmark.truth.files.cache import cached  # Arrow is slow to import

    return cached(f"{analog.NAME}-{analog.SHA256[:12]}", analog.read_analog)


TABLES: Mapping[str, Callable[[], TruthTable]] = MappingProxyType({analog.NAME: _open_analog})
"""The built-in tables: functions that open them, from the cache if they are there."""
