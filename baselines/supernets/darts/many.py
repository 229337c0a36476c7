"""Passing the same images through many genotypes at once.

Architectures are passed in chunks. An operation of an edge is applied to all architectures of a
chunk that keep it, in one call; the first cells' inputs are the same for all of them and are passed
once. Each architecture keeps its own BatchNorm statistics, so the logits equal, up to rounding,
those of each path alone.

Feature maps of k architectures are [k, B, H, W, C] here; k = 1 stands for the same maps in all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.darts.cell import FIRST_EDGE, SearchCell
from baselines.supernets.darts.operations import NodeMaps
from baselines.supernets.parts.grouped import as_images, as_maps
from baselines.supernets.parts.normalisation import ByGroup
from benchmark.spaces.base import Choices
from benchmark.spaces.darts.codes import INPUTS, KINDS, N_EDGES, NODES, edge_operations, kept_edges

CHUNK_BYTES = {"cpu": 2 << 20}  # a node's maps of a chunk, which stay in the cache
OTHER_CHUNK_BYTES = 256 << 20
LEAST_CHUNK = 8  # architectures; fewer are passed faster one by one
CHUNK_MAPS = 24  # of a node's size that an architecture takes: cells' outputs, nodes and terms


@dataclass(frozen=True)
class EdgeUse:
    """Which rows [r] of a chunk keep an edge with an operation."""

    operation: int
    rows: Tensor


Uses = list[list[list[EdgeUse]]]
"""The uses of each edge of each kind of cell."""


def chunk_size(maps: Tensor, channels: int, parts: int, memory: int) -> int:
    """Return how many architectures are passed at a time, where ``maps`` is the stem's output."""
    node = channels * maps.numel() // maps.shape[1] * maps.element_size()
    limit = CHUNK_BYTES.get(maps.device.type, OTHER_CHUNK_BYTES)
    return max(1, min(limit, memory // CHUNK_MAPS) // parts // node)


def chunk_logits(
    stem: Tensor,
    cells: Sequence[SearchCell],
    classifier: Callable[[Tensor], Tensor],
    paths: Choices,
    normalise: ByGroup,
) -> Tensor:
    """Return the logits [k, B, classes] of paths [k, 34], given the stem's maps [B, C, H, W]."""
    uses = _uses(paths, stem.device)
    last = stem.permute(0, 2, 3, 1)[None]
    before = last
    for cell in cells:
        before, last = last, _pass(cell, before, last, uses[cell.place.kind], len(paths), normalise)
    logits: Tensor = classifier(last.mean((2, 3)))
    return logits


def _pass(
    cell: SearchCell,
    before: Tensor,
    last: Tensor,
    uses: list[list[EdgeUse]],
    count: int,
    normalise: ByGroup,
) -> Tensor:
    """Return a cell's output [k, B, H, W, 4C] for all architectures."""
    nodes = [
        _applied(layer, F.relu(maps), normalise)
        for layer, maps in zip(cell.preprocess, (before, last), strict=True)
    ]
    side = cell.place.resolution
    images, channels = nodes[0].shape[1], cell.place.channels
    whole = last.new_empty(count, images, side, side, len(NODES) * channels)
    for node in NODES:
        total = last.new_zeros(count, images, side, side, channels)
        for source in range(node):
            edge = FIRST_EDGE[node] + source
            for use in uses[edge]:
                maps = nodes[source]
                if len(maps) > 1:
                    maps = maps[use.rows]
                found = NodeMaps(as_images(maps), cell.place.stride(source), normalise)
                term = as_maps(cell.edge(edge)(found, use.operation), images)
                total.index_add_(0, use.rows, term.expand(len(use.rows), -1, -1, -1, -1))
        nodes.append(total)
        start = (node - INPUTS) * channels
        whole[..., start : start + channels] = total
    return whole


def _applied(layer: nn.Module, activated: Tensor, normalise: ByGroup) -> Tensor:
    """Preprocess activated maps [k, B, H, W, C]."""
    return as_maps(layer(as_images(activated), normalise), activated.shape[1])


def _uses(paths: Choices, device: torch.device) -> Uses:
    """Return the uses of all edges by paths [k, 34]."""
    kept, operations = kept_edges(paths), edge_operations(paths)
    found: Uses = []
    for kind in range(len(KINDS)):
        of_edges = []
        for edge in range(N_EDGES):
            own = np.where(kept[:, kind, edge], operations[:, kind, edge], -1)
            of_edges.append(
                [
                    EdgeUse(
                        operation, torch.from_numpy(np.flatnonzero(own == operation)).to(device)
                    )
                    for operation in np.unique(own[own >= 0]).tolist()
                ]
            )
        found.append(of_edges)
    return found


def chunks(paths: Choices, size: int) -> Iterator[tuple[slice, Choices]]:
    """Yield the places and the paths [k, 34] of each chunk."""
    for start in range(0, len(paths), size):
        places = slice(start, min(start + size, len(paths)))
        yield places, paths[places]
