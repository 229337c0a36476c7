"""Passing the same images through many chains of layers, computing what they share only once.

Chains with the same choices up to some layer share their feature maps up to there. Architectures
are passed in chunks, layer by layer: at each layer a chunk has one feature map for each different
beginning, and those that choose the same option pass it together. Each keeps its own BatchNorm
statistics, so the logits equal, up to rounding, those of each path alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.supernets.chain.layer import ChoiceLayer
from baselines.supernets.normalisation import ByGroup
from benchmark.spaces.base import Choices

MOST = 512  # architectures of a chunk
PASSED_BYTES = {"cpu": 2 << 20}  # widest feature maps passed together, which stay in the cache
OTHER_PASSED_BYTES = 256 << 20

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """What the architectures of a chunk, which begin in p ways before a layer, do in it."""

    parents: Indices  # of each different beginning after the layer, the one before it, [q]
    options: Indices  # what these choose in the layer, [q]
    rows: Indices  # of each architecture its beginning after the layer, [k]


def many_logits(
    x: Tensor,
    layers: Sequence[ChoiceLayer],
    finish: Callable[[Tensor, ByGroup], Tensor],
    paths: Choices,
    normalise: ByGroup,
    parts: int,
    memory: int,
) -> Iterator[tuple[slice, Tensor]]:
    """Yield places in ``paths`` [n, D] and logits [k, B, classes], chunk by chunk.

    Paths ascend; ``x`` is the first layer's input [B, C, H, W], ``finish`` what follows the last
    layer. Chunks are ``parts`` times smaller than usual, and the feature maps between layers take
    at most ``memory`` bytes, but one architecture is passed at least.
    """
    sizes = _map_bytes(x, layers)
    for places, steps in _chunks(paths, sizes, parts, memory):
        maps = x
        for layer, step in zip(layers, steps, strict=True):
            maps = _pass_layer(layer, maps, step, normalise, parts)
        limit = _together(maps, maps.shape[1], normalise, parts)
        logits = torch.cat([finish(some, normalise) for some in maps.split(limit)])
        rows = torch.from_numpy(steps[-1].rows).to(x.device)
        yield places, logits.view(-1, len(x), logits.shape[-1])[rows]


def beginnings(paths: Choices) -> list[Step]:
    """Return what architectures [k, D] do in each layer."""
    rows = np.zeros(len(paths), np.int64)
    steps = []
    for chosen in paths.T.astype(np.int64):
        keys = np.column_stack([rows, chosen])
        different, rows = np.unique(keys, axis=0, return_inverse=True)
        rows = rows.ravel()  # NumPy 2.0 keeps a second axis
        steps.append(Step(different[:, 0], different[:, 1], rows))
    return steps


def _pass_layer(
    layer: ChoiceLayer, maps: Tensor, step: Step, normalise: ByGroup, parts: int
) -> Tensor:
    """Turn feature maps [p·B, C, H, W] of beginnings into those [q·B, …] after a layer."""
    images = normalise.images
    before = maps.view(-1, images, *maps.shape[1:])
    after: Tensor | None = None
    for option in np.unique(step.options).tolist():
        chosen = np.flatnonzero(step.options == option)
        limit = _together(maps, _widest(layer, option, maps), normalise, parts) // images
        for some in np.split(chosen, range(limit, len(chosen), limit)):
            parents = torch.from_numpy(step.parents[some]).to(maps.device)
            found = layer(before[parents].flatten(0, 1), option, normalise)
            if after is None:
                after = found.new_empty(len(step.options), images, *found.shape[1:])
            after[torch.from_numpy(some).to(maps.device)] = found.view(-1, *after.shape[1:])
    assert after is not None  # a chunk has an architecture
    return after.flatten(0, 1)


def _widest(layer: ChoiceLayer, option: int, maps: Tensor) -> int:
    """Return the most channels that feature maps have in an option of a layer."""
    chosen = layer.option(option)
    weights = [] if chosen is None else [one for one in chosen.parameters() if one.ndim > 1]
    return max([maps.shape[1], *(len(weight) for weight in weights)])


def _together(maps: Tensor, channels: int, normalise: ByGroup, parts: int) -> int:
    """Return how many images pass together where maps like these have so many channels.

    All those of an architecture do.
    """
    one = normalise.images * channels * maps.shape[2] * maps.shape[3] * maps.element_size()
    most = PASSED_BYTES.get(maps.device.type, OTHER_PASSED_BYTES) // parts
    return max(1, most // one) * normalise.images


def _map_bytes(x: Tensor, layers: Sequence[ChoiceLayer]) -> list[int]:
    """Return the bytes of one architecture's feature maps before the layers and after each."""
    images, _, height, width = x.shape
    sizes = [x.numel() * x.element_size()]
    for layer in layers:
        height, width = -(-height // layer.stride), -(-width // layer.stride)
        sizes.append(images * layer.outputs * height * width * x.element_size())
    return sizes


def _chunks(
    paths: Choices, sizes: Sequence[int], parts: int, memory: int
) -> Iterator[tuple[slice, list[Step]]]:
    """Cut ascending paths [n, D] into chunks whose feature maps fit the memory."""
    start = 0
    while start < len(paths):
        count = max(1, MOST // parts)
        while True:
            places = slice(start, min(start + count, len(paths)))
            steps = beginnings(paths[places])
            if count == 1 or _most_bytes(steps, sizes) * parts <= memory:
                break
            count //= 2
        yield places, steps
        start = places.stop


def _most_bytes(steps: Sequence[Step], sizes: Sequence[int]) -> int:
    """Return the most bytes of feature maps before and after a layer together."""
    counts = [1, *(len(step.options) for step in steps)]
    held = [count * size for count, size in zip(counts, sizes, strict=True)]
    return max(before + after for before, after in pairwise(held))
