"""NumPy's arrays in pickles: stand-ins keep what they are given; numbers are read from it."""

from __future__ import annotations

from math import prod
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.pickles.unpickling import NUMPY, Dtype, Globals


class _Sealed(type):
    """A class whose attributes cannot be set; a pickle might try."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set")


class Stub(metaclass=_Sealed):
    """Keeps the arguments and the state that a pickle gives to a class or a function."""

    __slots__ = ("args", "state")

    def __init__(self, *args: Any) -> None:
        self.args = args
        self.state: Any = None

    def __new__(cls, *args: Any) -> Stub:  # noqa: D102 - pickle's way to make one
        made = super().__new__(cls)
        made.args, made.state = args, None
        return made

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(Stub):
    __slots__ = ()


class _Buffer(Stub):
    __slots__ = ()


class _Class(Stub):
    __slots__ = ()


ARRAYS: Globals = MappingProxyType(
    {**NUMPY, ("numpy", "ndarray"): _Class}
    | {(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")}
    | {(f"numpy.{core}.numeric", "_frombuffer"): _Buffer for core in ("core", "_core")}
)


class Parts(NamedTuple):
    """What a pickle says of an array.

    Attributes:
        shape: Its shape.
        dtype: The type of its elements.
        order: Whether the last index runs fastest (C) or the first (F).
        data: Its bytes, or a list of its elements where they are objects.
    """

    shape: tuple[int, ...]
    dtype: Dtype
    order: Literal["C", "F"]
    data: Any


def parts(found: object) -> Parts:
    """Return what a pickle says of an array.

    Args:
        found: What stands in the array's place after unpickling with `ARRAYS`.

    Raises:
        InputError: It is no array.
    """
    try:
        if isinstance(found, _Buffer):
            data, dtype, shape, order = found.args
        elif isinstance(found, _Array):
            _, shape, dtype, fortran, data = found.state
            order = "F" if fortran else "C"
        else:
            raise InputError("has something else where an array should be")
        sizes = tuple(shape)
    except (TypeError, ValueError) as error:
        raise InputError("has an array without its parts") from error
    sound = all(type(size) is int and size >= 0 for size in sizes) and order in ("C", "F")
    if not sound or not isinstance(dtype, Dtype):
        raise InputError("has an array of no sound shape or type")
    return Parts(sizes, dtype, order, data)


def numbers(found: object) -> NDArray[Any]:
    """Return a pickled array of plain numbers; nothing is allocated but what its bytes fill.

    Args:
        found: What stands in the array's place after unpickling with `ARRAYS`.

    Raises:
        InputError: It is no array of plain numbers, or its shape does not fit its bytes.

    Example:
        >>> import pickle
        >>> from benchmark.pickles.unpickling import load_pickle
        >>> numbers(load_pickle(pickle.dumps(np.arange(3), protocol=2), ARRAYS)).tolist()
        [0, 1, 2]
    """
    shape, dtype, order, data = parts(found)
    if isinstance(data, str):  # as Python 2 wrote bytes
        data = data.encode("latin1", "replace")
    if not isinstance(data, (bytes, bytearray)):
        raise InputError("has an array of something else than numbers")
    if prod(shape) * dtype.number.itemsize != len(data):
        raise InputError(f"has an array of {len(data):,} bytes, which is not its shape")
    return np.frombuffer(data, dtype.number).reshape(shape, order=order)
