r"""Reading pickles from untrusted files.

A pickle names functions and has them called. Here a name is either in an allow-list, which maps it
to a harmless stand-in, or the pickle is refused. No module is ever imported. Stand-ins keep plain
numbers only and have no attribute that a pickle could set. Memory is bounded too: `Walk` first
checks all lengths, and an array of numbers is a view of the bytes that the pickle holds.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import LONGEST, InputError, readable
from benchmark.pickles.opcodes import CutOffError, Walk

Globals = Mapping[tuple[str, str], Any]

_NUMBER = frozenset(f"{kind}{size}" for kind in "iuf" for size in (2, 4, 8)) | {"i1", "u1", "b1"}


class _Dtype:
    """Stands in for an instance of ``numpy.dtype``: the kind of a number and its byte order."""

    __slots__ = ("_kind", "_order")

    def __init__(self, kind: object) -> None:
        self._kind, self._order = kind, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = "=" if state[1] == "|" else state[1]

    @property
    def number(self) -> np.dtype[Any]:
        """The NumPy type, if it is one of plain numbers; otherwise an `InputError`."""
        if self._kind not in _NUMBER or self._order not in ("<", ">", "="):
            name = f"{self._order}{self._kind}"[:40]
            raise InputError(f"has the type {name!r}, not a number's")
        return np.dtype(f"{self._order}{self._kind}")


class _Array:
    """Stands in for an instance of ``numpy.ndarray``."""

    __slots__ = ("found",)

    def __init__(self, found: NDArray[Any] | None = None) -> None:
        self.found = found

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, is_fortran, data = state
        self.found = _view(data, dtype, shape, "F" if is_fortran else "C")


def _view(data: object, dtype: object, shape: Any, order: Any) -> NDArray[Any]:
    """Return an array of plain numbers that shares the memory of its bytes."""
    if isinstance(data, str):  # as Python 2 wrote bytes
        data = data.encode("latin1", "replace")
    if not isinstance(data, (bytes, bytearray)) or not isinstance(dtype, _Dtype):
        raise InputError("has an array of something else than numbers")
    if prod(shape) * dtype.number.itemsize != len(data) or min(shape, default=0) < 0:
        raise InputError(f"has an array of {len(data):,} bytes, which does not match its shape")
    return np.frombuffer(data, dtype.number).reshape(shape, order=order)


class _Function:
    """A function that a pickle may call; it has no attribute that a pickle could set."""

    __slots__ = ("_call",)
    _call: Callable[..., Any]

    def __init__(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set")


def _scalar(dtype: object, data: object) -> float | int | bool:
    """Stand in for ``numpy.core.multiarray.scalar`` and return a plain number."""
    if not isinstance(dtype, _Dtype) or not isinstance(data, bytes):
        raise InputError("has a number without its bytes")
    (value,) = np.frombuffer(data, dtype.number).tolist()
    return value  # type: ignore[no-any-return]


def _encode(text: object, codec: object) -> bytes:
    """Stand in for ``_codecs.encode``, by which pickle protocol 2 writes bytes as text."""
    if not isinstance(text, str) or codec != "latin1":
        raise InputError("has bytes in another form than pickle writes them")
    return text.encode("latin1")


# For what no table needs, such as weights: takes any arguments, keeps nothing.
_IGNORED: _Function = _Function(lambda *_: _IGNORED)
_CORES = ("numpy.core", "numpy._core")
_TENSORS = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
_NUMPY: Globals = {
    ("numpy", "dtype"): _Function(lambda kind, *_: _Dtype(kind)),
    ("_codecs", "encode"): _Function(_encode),
}

#: What a record of the benchmark files may ask for.
RECORDS: Globals = MappingProxyType(
    {**_NUMPY, ("collections", "OrderedDict"): OrderedDict}
    | {(f"{core}.multiarray", "scalar"): _Function(_scalar) for core in _CORES}
    | {(builtins, "set"): set for builtins in ("builtins", "__builtin__")}
    | {("torch", f"{kind}Storage"): _IGNORED for kind in _TENSORS}
    | {("torch._utils", "_rebuild_tensor_v2"): _IGNORED}
)
#: What a batch of images may ask for.
ARRAYS: Globals = MappingProxyType(
    {**_NUMPY, ("numpy", "ndarray"): _IGNORED}
    | {(f"{core}.multiarray", "_reconstruct"): _Function(lambda *_: _Array()) for core in _CORES}
    | {
        (f"{core}.numeric", "_frombuffer"): _Function(lambda *parts: _Array(_view(*parts)))
        for core in _CORES
    }
)


class Unpickler:
    r"""Reads pickles one after the other; later ones can refer to the memo of earlier ones.

    See `load_pickle` for the arguments.
    """

    def __init__(self, globals_: Globals, encoding: str = "ASCII") -> None:
        self._source = _Source()
        self._unpickler = _Restricted(self._source, globals_, encoding)

    def load(self, data: bytes) -> Any:
        """Read one pickle, which a `Walk` has checked before."""
        self._source.fill(data)
        try:
            return self._unpickler.load()
        except InputError:
            raise
        except Exception as error:  # a damaged pickle can raise anything
            text = (str(error) or type(error).__name__).splitlines()[0]
            raise InputError(f"is damaged ({text[:80]})") from error


class _Restricted(pickle.Unpickler):
    def __init__(self, source: _Source, globals_: Globals, encoding: str) -> None:
        super().__init__(source, encoding=encoding)
        self._globals = globals_

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._globals:
            raise InputError(f"asks for {readable(f'{module}.{name}')[:LONGEST]}")
        return self._globals[module, name]

    def persistent_load(self, _: object) -> _Function:
        return _IGNORED


class _Source:
    """A file whose contents can be exchanged; with `peek` the unpickler reads in large blocks."""

    def __init__(self) -> None:
        self.fill(b"")

    def fill(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def peek(self, size: int) -> bytes:
        return self._data[self._at : self._at + size]

    def read(self, size: int) -> bytes:
        block = self._data[self._at : self._at + size]
        self._at += len(block)
        return block

    def readinto(self, buffer: memoryview) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def readline(self) -> bytes:
        end = self._data.find(b"\n", self._at) + 1
        return self.read((end or len(self._data)) - self._at)


def load_pickle(data: bytes, globals_: Globals, encoding: str = "ASCII") -> Any:
    r"""Read one pickle as plain containers, numbers, texts and stand-ins.

    ``globals_`` is the allow-list, stand-ins by module and name; ``encoding`` that of the texts
    that Python 2 wrote, ``latin1`` where some of them are bytes.
    """
    try:
        end = Walk().whole(data)
    except CutOffError:
        raise InputError("is cut off") from None
    if end != len(data):
        raise InputError(f"has {len(data) - end} bytes after its end")
    return Unpickler(globals_, encoding).load(data)


def array_in(found: object) -> NDArray[Any]:
    """Return the array of numbers in an object that was read with `ARRAYS`."""
    if not isinstance(found, _Array) or found.found is None:
        raise InputError("has something else where an array should be")
    return found.found
