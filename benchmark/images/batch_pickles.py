"""The pickled batches in which CIFAR and ImageNet16 are published, read without executing them.

A batch is a dictionary with ``data``, uint8 [n, channels·H·W], one image a row, channel after
channel, and a list of labels.
"""

from typing import Any

import numpy as np

from benchmark.errors import InputError
from benchmark.images.labelled_images import LabelledImages, checked_labels
from benchmark.pickles.unpickling import ARRAYS, array_in, load_pickle

MAX_SIZE = 1 << 28  # bytes of a file; the largest that is published has some 155 million
CHANNELS = 3


def read_batch(data: bytes, key: str, low: int, high: int, resolution: int) -> LabelledImages:
    """Read a pickled batch of Python 2 or 3, its labels under ``key``, from ``low`` to ``high``."""
    found = load_pickle(data, ARRAYS, encoding="latin1")  # Python 2 wrote bytes as text
    if not isinstance(found, dict):
        raise InputError("is no batch of images: it holds no dictionary")
    pixels = array_in(_value(found, "data"))
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (CHANNELS * resolution**2,):
        raise InputError(
            f"has data of shape {list(pixels.shape)} and type {pixels.dtype}, not images of "
            f"{CHANNELS}×{resolution}×{resolution} bytes"
        )
    labels = _value(found, key)
    whole = checked_labels(labels if isinstance(labels, list) else array_in(labels), low, high)
    if len(whole) != len(pixels):
        raise InputError(f"has {len(whole):,} labels for {len(pixels):,} images")
    return LabelledImages(pixels.reshape(-1, CHANNELS, resolution, resolution), whole)


def _value(found: dict[Any, Any], key: str) -> Any:
    """Return the value of a key, which may be text or bytes in the file."""
    for form in (key, key.encode()):
        if form in found:
            return found[form]
    raise InputError(f"is no batch of images: it has no {key!r}")
