"""A checkpoint as a file: what a run that is killed goes on from.

One line says what it is, one its SHA-256; then come tensors and plain values as PyTorch writes
them. They are read back without running anything.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.files import read_bounded, write_atomic
from benchmark.records.tensors import load_tensors
from benchmark.records.unit import Unit

MAGIC = b"nasbench checkpoint 1\n"
MAX_BYTES = 8 << 30  # of a file; larger than any supernet and its optimiser


def checkpoint_path(folder: str | Path, unit: Unit) -> Path:
    """Return where the checkpoint of a run is kept.

    Example:
        >>> checkpoint_path("runs", Unit("gm", "rsps", 3)).as_posix()
        'runs/.gm-seed3.checkpoint'
    """
    return Path(folder) / f".{unit.stem}.checkpoint"


def write_checkpoint(contents: Mapping[str, Any], path: str | Path) -> None:
    """Write tensors and plain values, in the place of an earlier checkpoint.

    Raises:
        CheckError: The system refused.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_checkpoint({"step": 3, "weights": torch.ones(2)}, Path(folder) / "a")
        ...     read_checkpoint(Path(folder) / "a")
        {'step': 3, 'weights': tensor([1., 1.])}
    """
    import torch  # here, so that reading records does not wait for it

    packed = io.BytesIO()
    torch.save(dict(contents), packed)
    data = packed.getvalue()
    write_atomic(path, MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint, its tensors on the CPU.

    Raises:
        InputError: The file cannot be read, is no checkpoint, was damaged, or holds anything else
            than tensors and plain values.
    """
    whole = read_bounded(path, MAX_BYTES, "it is no checkpoint")
    if not whole.startswith(MAGIC):
        raise InputError(f"{path} is no checkpoint of this version")
    kept, _, data = whole[len(MAGIC) :].partition(b"\n")
    if kept != hashlib.sha256(data).hexdigest().encode():
        raise InputError(f"{path} was damaged: its checksum does not hold")
    try:
        contents = load_tensors(data)
    except Exception as error:  # a hostile one can raise anything
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} holds no plain checkpoint ({text[:80]})") from error
    if not isinstance(contents, dict):
        raise InputError(f"{path} holds a {type(contents).__name__}: it is no checkpoint")
    return contents
