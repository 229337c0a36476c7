"""Networks of every space, as small as they can be without being trivial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.registry import FAMILIES, family_of
from benchmark.images import Images
from benchmark.spaces.accel.layers import AccelScale
from benchmark.spaces.base import Scale
from benchmark.spaces.darts.complexity import DartsScale
from benchmark.spaces.macro.layers import MacroScale
from benchmark.spaces.mobilenet.layers import MobileNetScale
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.spaces.registry import open_space
from benchmark.spaces.size.space import SizeScale

_SCALES: Mapping[str, Scale] = {
    "nb201": NetworkScale(channels=4, cells=1),
    "macro": MacroScale(stem=3, widths=(4, 5, 6), strides=(1, 2, 1), head=7),
    "mobilenet": MobileNetScale(
        width_percent=10, width_multiple=2, stem_stride=1, strides=(1, 2, 1, 1, 1, 1)
    ),
    "accel": AccelScale(
        stem=4,
        widths=(4, 4, 5, 6, 6, 7, 8),
        head=9,
        stem_stride=1,
        strides=(1, 2, 1, 1, 1, 1, 1),
    ),
    "darts": DartsScale(channels=2, cells=3),
    "size": SizeScale(widths=(2, 3, 4, 5, 6, 7, 8, 9)),
}
SCALES = {
    space: replace(scale, resolution=8, classes=10, input_channels=1)
    for space, scale in _SCALES.items()
}
"""A new space needs one too."""


def codes_of(space: str, count: int = 2) -> list[int]:
    """Return canonical codes of different networks that pass a signal, among them both ends."""
    opened = open_space(space)
    drawn = opened.canonical(opened.sample(8 * count))
    ends = opened.canonical(np.array([opened.size - 1]))
    working = [code for code in [*ends.tolist(), *drawn.tolist()] if opened.works(code)]
    return list(dict.fromkeys(working))[:count]


CASES = [(space, code) for space in FAMILIES for code in codes_of(space)]


def child(space: str, code: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> ChildNetwork:
    """Return a network with fresh weights."""
    generator = torch.Generator().manual_seed(seed)
    return family_of(open_space(space)).child(code, SCALES[space], generator).to(dtype)


def noise(count: int = 5, dtype: torch.dtype = torch.float64, seed: int = 1) -> Images:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randn(count, 1, 8, 8, generator=generator, dtype=torch.float64)
    return Images(pixels.to(dtype), torch.randint(10, (count,), generator=generator))
