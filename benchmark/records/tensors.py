"""Tensors in an archive as PyTorch writes it, read without PyTorch's own reader.

That one lets a pickle of a few hundred bytes allocate any amount: it calls `bytearray` and
`torch.Tensor` with any number, and lets a storage grow to whatever a tensor's shape asks for. Here
nothing is allocated but what the archive's bytes fill.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections import OrderedDict
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.errors import InputError
from benchmark.pickles.values import read_values

if TYPE_CHECKING:
    import torch

MAX_DIMENSIONS = 64  # PyTorch has no more
_KINDS = {
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
}


def load_tensors(data: bytes) -> Any:
    """Return what `torch.save` packed, its tensors on the CPU and without gradients.

    Args:
        data: The archive.

    Returns:
        Plain values and tensors.

    Raises:
        InputError: It holds anything else, or less than its tensors claim.
        Exception: It is damaged; any kind.

    Example:
        >>> import torch
        >>> packed = io.BytesIO()
        >>> torch.save({"step": 3, "weights": torch.ones(2)}, packed)
        >>> load_tensors(packed.getvalue())
        {'step': 3, 'weights': tensor([1., 1.])}
    """
    import torch

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise InputError("has compressed parts")
        if sum(entry.file_size for entry in entries) > len(data):
            raise InputError("has parts that overlap")
        root = entries[0].filename.partition("/")[0]
        order = archive.read(f"{root}/byteorder").decode()
        if order != sys.byteorder:
            raise InputError(f"has its bytes in the order {order!r:.20}, not {sys.byteorder!r}")
        names = {f"torch {kind}Storage": getattr(torch, name) for kind, name in _KINDS.items()}
        names |= {
            "collections OrderedDict": _mapping,
            "torch._utils _rebuild_tensor_v2": _tensor,
        }
        pickled = archive.read(f"{root}/data.pkl")
        return read_values(pickled, names, _Storages(archive, root).find)


class _Stored(NamedTuple):
    """Numbers that one tensor shows, or several.

    Attributes:
        storage: Their bytes.
        dtype: Their type.
        length: How many there are.
    """

    storage: torch.UntypedStorage
    dtype: torch.dtype
    length: int


class _Storages:
    """The storages of an archive, each read once."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        self._archive, self._root = archive, root
        self._read: dict[str, torch.UntypedStorage] = {}

    def find(self, told: Any) -> _Stored:
        """Return the storage that a pickle names."""
        import torch

        kind, dtype, key, _, count = told
        if kind != "storage" or not isinstance(dtype, torch.dtype) or not isinstance(key, str):
            raise InputError("names something else where a storage should be")
        if key not in self._read:
            octets = bytearray(self._archive.read(f"{self._root}/data/{key}"))
            kept = torch.empty(len(octets), dtype=torch.uint8)  # aligned as PyTorch's own are
            if octets:
                kept.copy_(torch.frombuffer(octets, dtype=torch.uint8))
            self._read[key] = kept.untyped_storage()
        storage = self._read[key]
        if type(count) is not int or count * dtype.itemsize != storage.nbytes():
            raise InputError("has a storage of another size than it says")
        return _Stored(storage, dtype, count)


def _mapping() -> OrderedDict[Any, Any]:
    """Return an empty mapping; its items come as those of any other."""
    return OrderedDict()


def _tensor(stored: Any, offset: Any, size: Any, stride: Any, *_: Any) -> torch.Tensor:
    """Return a tensor that shows numbers of a storage."""
    import torch

    whole = (offset, *size, *stride)
    if (
        not isinstance(stored, _Stored)
        or len(size) != len(stride)
        or len(size) > MAX_DIMENSIONS
        or not all(type(number) is int and 0 <= number < 1 << 62 for number in whole)
    ):
        raise InputError("has a tensor of no sound shape")
    count = prod(size)
    last = (
        offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if count else 0
    )
    if count > stored.length or (count and last >= stored.length):
        raise InputError("has a tensor that is larger than its storage")
    at = offset if count else 0
    return torch.empty(0, dtype=stored.dtype).set_(stored.storage, at, size, stride)
