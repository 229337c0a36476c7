"""Writes files of the forms in which data sets are published, from random images."""

from __future__ import annotations

import gzip
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.images import DataSettings

Bytes = NDArray[np.uint8]


def settings(name: str, resolution: int, training: int, validation: int) -> DataSettings:
    return DataSettings(name, resolution, training, validation, 0.0, 1, 0, flip=False)


def random_images(count: int, channels: int, resolution: int, seed: int = 0) -> Bytes:
    shape = (count, channels, resolution, resolution)
    return np.random.default_rng(seed).integers(256, size=shape, dtype=np.uint8)


def cifar_row(labels: list[int], image: Bytes) -> bytes:
    """Return an image as CIFAR's binary files hold it: labels, then red, green and blue rows."""
    return bytes(labels) + image.tobytes()


def cifar_binary(labels: list[list[int]], images: Bytes) -> bytes:
    return b"".join(cifar_row(*row) for row in zip(labels, images, strict=True))


def cifar_pickle(contents: dict[Any, Any], protocol: int = 2) -> bytes:
    """Return a batch as the Python version holds it; it was written by Python 2."""
    return pickle.dumps(contents, protocol)


def idx(array: Bytes) -> bytes:
    """Return an array of bytes as an IDX file."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write(path: Path, data: bytes) -> Path:
    """Write a file, packed where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path
