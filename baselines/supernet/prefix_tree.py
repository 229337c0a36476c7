"""Passing the same images through many architectures, computing what they share only once.

The architectures come in ascending order of their codes, in which the edges into node 1 and node 2
are the leading digits. Three things are shared:

* In the first cell all architectures start from the same feature map, so an operation's output
  depends only on the edges before it. Walking the codes as a tree (node 1, then node 2, then
  node 3) needs 444 operations for the whole space instead of 49,796.
* From there on every architecture has feature maps of its own, and an edge's operation is applied
  to all architectures of a chunk that have it, in one call.
* Operations on dead edges are never computed: the caller passes live codes.

Each architecture keeps its own BatchNorm statistics, so the logits equal, up to rounding, those of
`Supernet.forward` along each path alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from baselines.supernet.network import Cell, Supernet
from baselines.supernet.normalisation import ByGroup
from baselines.supernet.operations import NONE, SKIP_CONNECT, Edge
from benchmark.space import EDGES, OPERATIONS, Codes, Operations, decode

PREFIX = 3  # edges into nodes 1 and 2, the leading digits of a code
CHUNK_BYTES = {"cpu": 4 << 20}  # feature maps of a chunk that stay in the cache
OTHER_CHUNK_BYTES = 256 << 20


@dataclass(frozen=True)
class Use:
    """Which architectures of a chunk have an operation on an edge.

    Attributes:
        edge: Index into `EDGES`.
        operation: Index into `OPERATIONS`.
        rows: Their places in the chunk: a slice where they are neighbours, else int64 on the
            device.
    """

    edge: int
    operation: int
    rows: slice | Tensor


@dataclass(frozen=True)
class Chunk:
    """Neighbouring architectures with the same prefix, passed together after the first cell.

    Attributes:
        places: Where they stand among all architectures.
        paths: Their operations, six for each.
        uses: All operations that the chunk needs in cells of its own, edge by edge.
    """

    places: slice
    paths: list[list[int]]
    uses: list[Use]


def many_logits(
    network: Supernet, codes: Codes, pixels: Tensor, normalise: ByGroup, parts: int = 1
) -> Iterator[tuple[slice, Tensor]]:
    """Yield the logits of architectures, chunk by chunk.

    Feature maps of k architectures are [k, B, H, W, C] here.

    Args:
        network: The supernet.
        codes: Live codes [n], ascending.
        pixels: Images [B, channels, H, W].
        normalise: BatchNorm for groups of B images.
        parts: How many times smaller chunks are than usual.

    Yields:
        Places in ``codes``, and the logits [k, B, classes] of the architectures there.
    """
    first, *rest = network.blocks
    assert isinstance(first, Cell)
    x = network.begin(pixels, normalise)
    for chunk, start in _first_cell(first, x, _chunks(codes, x, parts), normalise):
        maps = start
        for block in rest:
            if isinstance(block, Cell):
                maps = _own_cell(block, maps, chunk.uses, normalise)
            else:
                maps = _maps(block(_images(maps), normalise), len(x))
        logits = network.finish(_images(maps), normalise)
        yield chunk.places, logits.view(len(chunk.paths), len(x), -1)


def _first_cell(
    cell: Cell, x: Tensor, chunks: Sequence[Chunk], normalise: ByGroup
) -> Iterator[tuple[Chunk, Tensor]]:
    """Yield each chunk with its outputs of the first cell, all from one input [B, C, H, W]."""
    known: dict[tuple[int, int], Tensor] = {}  # what each edge's operation brings
    nodes: list[Tensor | None] = [x, None, None]
    prefix: list[int] = []

    def brought(edge: int, operation: int) -> Tensor | None:
        source = nodes[EDGES[edge][0]]
        if operation == NONE or source is None:
            return None
        if (edge, operation) not in known:
            known[edge, operation] = cell.edge(edge)(source, operation, normalise)
        return known[edge, operation]

    def forget(node: int) -> None:
        """Drop what depends on a node that changes."""
        for edge, operation in list(known):
            if EDGES[edge][0] == node:
                del known[edge, operation]

    for chunk in chunks:
        path = chunk.paths[0]
        if path[:1] != prefix[:1]:
            forget(1)
            nodes[1] = brought(0, path[0])
        if path[:PREFIX] != prefix:
            forget(2)
            nodes[2] = _total([brought(1, path[1]), brought(2, path[2])])
            prefix = path[:PREFIX]
        b, c, h, w = x.shape
        outputs = x.new_zeros(len(chunk.paths), b, h, w, c)
        for output, operations in zip(_images(outputs).split(b), chunk.paths, strict=True):
            for edge in range(PREFIX, len(EDGES)):
                term = brought(edge, operations[edge])
                if term is not None:
                    output += term
        yield chunk, outputs


def _own_cell(cell: Cell, maps: Tensor, uses: Sequence[Use], normalise: ByGroup) -> Tensor:
    """Pass feature maps [k, B, H, W, C] through a cell, each along its own path."""
    nodes: list[Tensor | None] = [maps, None, None, None]
    for use in uses:
        source, target = EDGES[use.edge]
        value = nodes[source]
        assert value is not None  # a live edge has a source
        brought = _apply(cell.edge(use.edge), value[use.rows], use.operation, normalise)
        present = nodes[target]
        if present is None:
            present = nodes[target] = torch.zeros_like(maps)
        if isinstance(use.rows, slice):
            present[use.rows] += brought
        else:
            present.index_add_(0, use.rows, brought)
    output = nodes[-1]
    return torch.zeros_like(maps) if output is None else output


def _apply(edge: Edge, maps: Tensor, operation: int, normalise: ByGroup) -> Tensor:
    if operation == SKIP_CONNECT:
        return maps
    return _maps(edge(_images(maps), operation, normalise), maps.shape[1])


def _images(maps: Tensor) -> Tensor:
    """View feature maps [k, B, H, W, C] as images [k·B, C, H, W], channels last in memory."""
    return maps.flatten(0, 1).permute(0, 3, 1, 2)


def _maps(images: Tensor, batch: int) -> Tensor:
    """View images [k·B, C, H, W] as feature maps [k, B, H, W, C]."""
    total, c, h, w = images.shape
    return images.permute(0, 2, 3, 1).view(total // batch, batch, h, w, c)


def _total(terms: Sequence[Tensor | None]) -> Tensor | None:
    """Add what there is; None stands for zeros."""
    present = [term for term in terms if term is not None]
    return sum(present[1:], start=present[0]) if present else None


def _chunks(codes: Codes, x: Tensor, parts: int) -> list[Chunk]:
    """Cut ascending codes where the prefix changes, and into parts that fit the memory.

    Args:
        codes: Live codes [n], ascending.
        x: One architecture's feature maps [B, C, H, W] in the first cell.
        parts: How many times smaller they are than usual.
    """
    limit = CHUNK_BYTES.get(x.device.type, OTHER_CHUNK_BYTES)
    most = max(1, limit // parts // (x.numel() * x.element_size()))
    operations = decode(codes)
    prefixes = codes // len(OPERATIONS) ** (len(EDGES) - PREFIX)
    starts = np.flatnonzero(np.diff(prefixes, prepend=-1)).tolist()
    chunks = []
    for start, stop in zip(starts, [*starts[1:], len(codes)], strict=True):
        for begin in range(start, stop, most):
            places = slice(begin, min(begin + most, stop))
            chunks.append(Chunk(places, operations[places].tolist(), _uses(operations[places])))
    return _moved(chunks, x.device)


def _uses(operations: Operations) -> list[Use]:
    """Return which operation stands where in a chunk's operations [k, 6]."""
    uses = []
    for edge, column in enumerate(operations.T):
        for operation in np.unique(column[column != NONE]).tolist():
            rows = np.flatnonzero(column == operation)
            first, last = int(rows[0]), int(rows[-1])
            neighbours = last - first + 1 == len(rows)
            where = slice(first, last + 1) if neighbours else torch.from_numpy(rows)
            uses.append(Use(edge, operation, where))
    return uses


def _moved(chunks: list[Chunk], device: torch.device) -> list[Chunk]:
    """Put all indices on the device in one transfer, so that no pass waits for one."""
    indices = [u.rows for c in chunks for u in c.uses if isinstance(u.rows, Tensor)]
    if device.type == "cpu" or not indices:
        return chunks
    moved = iter(torch.cat(indices).to(device).split([len(rows) for rows in indices]))
    return [
        Chunk(
            chunk.places,
            chunk.paths,
            [
                Use(u.edge, u.operation, next(moved) if isinstance(u.rows, Tensor) else u.rows)
                for u in chunk.uses
            ],
        )
        for chunk in chunks
    ]
