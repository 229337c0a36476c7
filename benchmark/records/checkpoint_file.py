"""The file of a checkpoint: tensors by safetensors, everything else as JSON, and a checksum.

The first line names the format, the second is the SHA-256 of what follows, the third is the JSON
text, and the rest is a safetensors file. Reading it runs no code and allocates no more than its
bytes fill, even if the file was forged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import InputError
from benchmark.files import read_bounded, write_atomic
from benchmark.records.unit import Unit

if TYPE_CHECKING:
    import torch

MAGIC = b"nasbench checkpoint 2\n"
MAX_BYTES = 8 << 30  # of a file; larger than any supernet and its optimiser


def checkpoint_path(folder: str | Path, unit: Unit) -> Path:
    """Return where the checkpoint of a run is kept."""
    return Path(folder) / f".{unit.stem}.checkpoint"


def write_checkpoint(contents: Mapping[str, Any], path: str | Path) -> None:
    """Write nested mappings and lists of tensors, texts, numbers, booleans and None.

    Keys may be texts or integers. Tensors are read back with their type, shape and memory format,
    but each with a storage of its own.
    """
    from safetensors.torch import save  # here, so that reading records does not wait for PyTorch

    tensors: dict[str, torch.Tensor] = {}
    values = json.dumps(_encode(contents, tensors)).encode()
    data = values + b"\n" + save(tensors)
    write_atomic(path, MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint, its tensors on the CPU."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    whole = read_bounded(path, MAX_BYTES, "it is no checkpoint")
    if not whole.startswith(MAGIC):
        raise InputError(f"{path} is no checkpoint of this version")
    checksum, _, data = whole[len(MAGIC) :].partition(b"\n")
    if checksum != hashlib.sha256(data).hexdigest().encode():
        raise InputError(f"{path} was damaged: its checksum does not hold")
    values, _, packed = data.partition(b"\n")
    try:
        contents = _decode(json.loads(values), load(packed))
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} is an incomplete checkpoint ({text[:80]})") from error
    if not isinstance(contents, dict):
        raise InputError(f"{path} holds a {type(contents).__name__}: it is no checkpoint")
    return contents


def _encode(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Return a value as JSON holds it; its tensors are collected by number.

    A mapping becomes ``{"items": [[key, value], ...]}``, because keys may be integers; a tensor
    becomes ``{"tensor": number, "channels_last": bool}``.
    """
    import torch

    if isinstance(value, torch.Tensor):
        channels_last = _is_channels_last(value)
        tensor = value.detach().permute(0, 2, 3, 1) if channels_last else value.detach()
        number = str(len(tensors))
        tensors[number] = tensor.to("cpu", copy=True).contiguous()  # safetensors shares no storage
        return {"tensor": number, "channels_last": channels_last}
    if isinstance(value, Mapping):
        return {"items": [[key, _encode(one, tensors)] for key, one in value.items()]}
    if isinstance(value, list | tuple):
        return [_encode(one, tensors) for one in value]
    return value


def _is_channels_last(tensor: torch.Tensor) -> bool:
    """Whether a tensor has just these strides; `is_contiguous` cannot tell them for 1 x 1 maps."""
    if tensor.dim() != 4:
        return False
    _, channels, height, width = tensor.shape
    return tensor.stride() == (channels * height * width, 1, channels * width, channels)


def _decode(value: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """Return what `_encode` encoded; anything else raises a KeyError, TypeError or ValueError."""
    if isinstance(value, list):
        return [_decode(one, tensors) for one in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        tensor = tensors[value["tensor"]]
        return tensor.permute(0, 3, 1, 2) if value["channels_last"] else tensor
    return {key: _decode(one, tensors) for key, one in value["items"]}
