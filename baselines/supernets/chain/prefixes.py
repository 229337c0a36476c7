"""Passing the same images through many chains of layers, computing what they share only once.

Chains with the same options in their first layers have the same feature maps there. Ascending paths
form a tree of such prefixes. It is walked depth first, as many prefixes of one length at a time as
the cache or the memory holds, those that end with the same option together.

Each architecture keeps its own BatchNorm statistics, so the logits equal, up to rounding, those of
each path alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.supernets.chain.layer import ChoiceLayer
from baselines.supernets.parts.grouped import as_images, as_maps
from baselines.supernets.parts.normalisation import ByGroup
from benchmark.spaces.base import Choices

CHUNK_BYTES = {"cpu": 4 << 20}  # the widest feature maps of prefixes that pass a layer together
OTHER_CHUNK_BYTES = 256 << 20
TEMPORARY = 5  # how often maps as wide are in memory while prefixes pass a layer

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Prefixes:
    """The different prefixes of one length, in the order of their paths."""

    options: Indices  # the last option of each, [m]
    parents: Indices  # the place of each without that option among those one shorter, [m]


def many_logits(
    x: Tensor,
    layers: Sequence[ChoiceLayer],
    finish: Callable[[Tensor, ByGroup], Tensor],
    paths: Choices,
    normalise: ByGroup,
    most: Sequence[int],
) -> Iterator[tuple[slice, Tensor]]:
    """Yield places in ``paths`` [n, D] and logits [k, B, classes], chunk by chunk.

    Paths ascend; ``x`` is the first layer's input [B, C, H, W], ``finish`` what follows the last
    layer. ``most`` says how many prefixes pass each layer together, see `chunk_sizes`.

    Feature maps of k prefixes are [k, B, H, W, C] here.
    """
    levels = prefixes(paths)

    def walk(depth: int, first: int, maps: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Walk all that begins with the prefixes from ``first`` on that have these maps."""
        count = len(maps)
        if depth == len(layers):
            logits = finish(as_images(maps), normalise)
            yield slice(first, first + count), logits.view(count, len(x), -1)
            return
        level = levels[depth]
        start, stop = np.searchsorted(level.parents, [first, first + count]).tolist()
        for begin in range(start, stop, most[depth]):
            part = slice(begin, min(begin + most[depth], stop))
            parents, options = level.parents[part] - first, level.options[part]
            passed = _pass_layer(layers[depth], maps, parents, options, normalise)
            yield from walk(depth + 1, begin, passed)

    return walk(0, 0, as_maps(x, len(x)))


def prefixes(paths: Choices) -> list[Prefixes]:
    """Return the prefixes of every length from 1 on of ascending paths [n, D].

    Example:
        >>> prefixes(np.array([[0, 1], [0, 2], [2, 0]]))[0].options
        array([0, 2])
    """
    levels = []
    before = np.zeros(1, np.int64)  # where the prefixes one shorter start
    starts_here = np.zeros(len(paths), bool)
    starts_here[:1] = True
    for column in paths.T.astype(np.int64):
        starts_here[1:] |= column[1:] != column[:-1]
        starts = np.flatnonzero(starts_here)
        parents = np.searchsorted(before, starts, side="right") - 1
        levels.append(Prefixes(column[starts], parents))
        before = starts
    return levels


def chunk_sizes(
    x: Tensor, layers: Sequence[ChoiceLayer], head: int, parts: int, memory: int
) -> list[int]:
    """Return how many prefixes may pass each layer together, one at least.

    Args:
        x: The first layer's input [B, C, H, W].
        layers: The layers.
        head: Channels between the last layer and the classifier.
        parts: How many times smaller than usual chunks are.
        memory: Bytes that feature maps may take.
    """
    images, _, height, width = x.shape
    one = images * x.element_size()  # bytes of a channel of a pixel
    outputs, widest = [], []
    for layer in layers:
        channels = max(len(weight) for weight in layer.parameters() if weight.ndim > 1)
        before = height * width
        height, width = -(-height // layer.stride), -(-width // layer.stride)
        outputs.append(one * layer.outputs * height * width)
        widest.append(max(one * channels * before, outputs[-1]))
    widest[-1] = max(widest[-1], one * head * height * width)
    limit = CHUNK_BYTES.get(x.device.type, OTHER_CHUNK_BYTES) // parts
    while True:
        most = [max(1, limit // size) for size in widest]
        held = sum(count * size for count, size in zip(most, outputs, strict=True))
        passing = max(count * size for count, size in zip(most, widest, strict=True))
        if held + TEMPORARY * passing <= memory or max(most) == 1:
            return most
        limit //= 2


def _pass_layer(
    layer: ChoiceLayer, maps: Tensor, parents: Indices, options: Indices, normalise: ByGroup
) -> Tensor:
    """Return the feature maps [m, B, H', W', C'] of options [m] after those of parents [m]."""
    after: Tensor | None = None
    for option in np.unique(options).tolist():
        rows = np.flatnonzero(options == option)
        found = layer(as_images(_chosen(maps, parents[rows])), option, normalise)
        passed = as_maps(found.contiguous(memory_format=torch.channels_last), maps.shape[1])
        if len(rows) == len(options):
            return passed
        if after is None:
            after = passed.new_empty(len(options), *passed.shape[1:])
        after.index_copy_(0, torch.from_numpy(rows).to(maps.device), passed)
    assert after is not None  # there is one option at least
    return after


def _chosen(maps: Tensor, rows: Indices) -> Tensor:
    """Return some of the maps [k, …]; all of them are not copied."""
    if np.array_equal(rows, np.arange(len(maps))):
        return maps
    return maps.index_select(0, torch.from_numpy(rows).to(maps.device))
