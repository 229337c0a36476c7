"""Reading pickles that may be hostile: nothing is called but a short list of harmless stand-ins.

A pickle names functions and has them called. Here a name either stands in a list that the reader
gives, and its stand-in is called, or the pickle is refused with the name. Nothing is ever looked
up in a module. The stand-ins keep plain numbers and have no attribute that could be set.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from benchmark.errors import InputError
from benchmark.pickles.opcodes import CutOffError, Walk

Globals = Mapping[tuple[str, str], Any]

_NUMBER = frozenset(f"{kind}{size}" for kind in "iuf" for size in (2, 4, 8)) | {"i1", "u1", "b1"}


class Dtype:
    """What a pickle says of a type of NumPy: the kind of a number, and the order of its bytes."""

    __slots__ = ("kind", "order")

    def __init__(self, kind: object, *_: object) -> None:
        if not isinstance(kind, str):
            raise InputError(f"has the type {kind!r}, not a number's")
        self.kind = kind
        self.order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1]
        self.order = "=" if order == "|" else order

    @property
    def number(self) -> np.dtype[Any]:
        """The type for NumPy, where it is one of plain numbers.

        Raises:
            InputError: It is not.
        """
        if self.kind not in _NUMBER or self.order not in ("<", ">", "="):
            raise InputError(f"has the type {self.order}{self.kind}, not a number's")
        return np.dtype(self.order + self.kind)


class _Scalar:
    """Stands in for ``numpy.core.multiarray.scalar`` and gives a plain number."""

    __slots__ = ()

    def __call__(self, dtype: object, data: object) -> float | int | bool:
        if not isinstance(dtype, Dtype) or not isinstance(data, bytes):
            raise InputError("has a number without its bytes")
        (value,) = np.frombuffer(data, dtype.number).tolist()
        return value  # type: ignore[no-any-return]


class _Encode:
    """Stands in for ``_codecs.encode``, by which pickle protocol 2 writes bytes as text."""

    __slots__ = ()

    def __call__(self, text: object, codec: object) -> bytes:
        if not isinstance(text, str) or codec != "latin1":
            raise InputError("has bytes in another form than pickle writes them")
        return text.encode("latin1")


class _MakeDtype:
    """Stands in for ``numpy.dtype`` where it is called."""

    __slots__ = ()

    def __call__(self, *arguments: object) -> Dtype:
        return Dtype(*arguments)


class _Opaque:
    """Stands in for what no table needs, such as weights: it takes anything and keeps nothing."""

    __slots__ = ()

    def __call__(self, *_: object) -> _Opaque:
        return self


_OPAQUE = _Opaque()
NUMPY: Globals = MappingProxyType(
    {("numpy", "dtype"): _MakeDtype(), ("_codecs", "encode"): _Encode()}
    | {(f"numpy.{core}.multiarray", "scalar"): _Scalar() for core in ("core", "_core")}
)
_TENSORS = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
RECORDS: Globals = MappingProxyType(
    {**NUMPY, ("collections", "OrderedDict"): OrderedDict}
    | {(builtins, "set"): set for builtins in ("builtins", "__builtin__")}
    | {("torch", f"{kind}Storage"): _OPAQUE for kind in _TENSORS}
    | {("torch._utils", "_rebuild_tensor_v2"): _OPAQUE}
)


class Unpickler:
    r"""Reads pickles one after the other; what one of them put in the memo, later ones can take.

    Args:
        globals_: Stand-ins for the names that a pickle may ask for.
        encoding: Of the texts that Python 2 wrote, where bytes and text were one.

    Example:
        >>> Unpickler(RECORDS).load(b"(K\x01K\x02d.")
        {1: 2}
        >>> Unpickler(RECORDS).load(b"cos\nsystem\n.")
        Traceback (most recent call last):
        benchmark.errors.InputError: asks for os.system
    """

    def __init__(self, globals_: Globals, encoding: str = "ASCII") -> None:
        self._feed = _Feed()
        self._unpickler = _Restricted(self._feed, globals_, encoding)

    def load(self, data: bytes) -> Any:
        """Read one pickle whose opcodes have been walked through before.

        Raises:
            InputError: It is damaged, or asks for a name that has no stand-in.
        """
        self._feed.fill(data)
        try:
            return self._unpickler.load()
        except InputError:
            raise
        except Exception as error:  # a damaged pickle can raise anything
            raise InputError(f"is damaged ({_first_line(error)})") from error


class _Restricted(pickle.Unpickler):
    def __init__(self, feed: _Feed, globals_: Globals, encoding: str) -> None:
        super().__init__(feed, encoding=encoding)
        self._globals = globals_

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._globals:
            raise InputError(f"asks for {module}.{name}")
        return self._globals[module, name]

    def persistent_load(self, _: object) -> _Opaque:
        return _OPAQUE


class _Feed:
    """A file of bytes that can be exchanged; `peek` spares the unpickler a call an opcode."""

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
    r"""Read one pickle.

    Args:
        data: All its bytes.
        globals_: Stand-ins for the names that it may ask for.
        encoding: Of the texts that Python 2 wrote; ``latin1`` where some of them are bytes.

    Returns:
        What it holds, made of plain containers and stand-ins.

    Raises:
        InputError: It is damaged, asks for a name that has no stand-in, or has lengths or
            nesting that no benchmark file has.

    Example:
        >>> load_pickle(pickle.dumps({"a": 1.5}), RECORDS)
        {'a': 1.5}
        >>> load_pickle(b"X\xff\xff\xff\x7fabc.", RECORDS)
        Traceback (most recent call last):
        benchmark.errors.InputError: is cut off
    """
    try:
        end = Walk().whole(data)
    except CutOffError:
        raise InputError("is cut off") from None
    if end != len(data):
        raise InputError(f"has {len(data) - end} bytes after its end")
    return Unpickler(globals_, encoding).load(data)


def _first_line(error: Exception) -> str:
    text = (str(error) or type(error).__name__).splitlines()[0]
    return text if len(text) <= 80 else text[:77] + "..."
