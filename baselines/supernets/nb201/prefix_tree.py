"""Passing the same images through many architectures, computing what they share only once.

The architectures come in ascending order of their codes, in which the edges into node 1 and node 2
are the leading digits. Three things save time:

* In the first cell all architectures start from the same feature maps, so an operation's output
  depends only on the edges before it. Walking the codes as a tree (node 1, then node 2, then
  node 3) needs 444 operations for the whole space instead of 49,796.
* In later cells every architecture has feature maps of its own, and an edge's operation is applied
  to all architectures of a chunk that have it, in one call. BatchNorm is scale · maps + shift once
  its statistics are known, and is applied while the maps are added to the node they lead to.
* Operations on dead edges are not computed: the caller passes canonical codes.

Each architecture keeps its own BatchNorm statistics, so the logits equal, up to rounding, those of
`CellSupernet.forward` along each path alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.nb201.cell import Cell
from baselines.supernets.nb201.operations import (
    AVG_POOL_3X3,
    NONE,
    SKIP_CONNECT,
    CellNode,
    Edge,
    average_pool,
)
from baselines.supernets.parts.grouped import as_images, as_maps
from baselines.supernets.parts.normalisation import ByGroup, along_rows
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201 import EDGES, OPERATIONS, Operations, decode

PREFIX = 3  # edges into nodes 1 and 2, the leading digits of a code
CHUNK_BYTES = {"cpu": 2 << 20}  # feature maps of a chunk that stay in the cache
OTHER_CHUNK_BYTES = 256 << 20
MEMORY = 2 << 30  # bytes that all feature maps may take together
FIRST_CELL_MAPS = 4 * len(EDGES) + 3  # of one architecture: outputs of edges, and nodes
CHUNK_MAPS = 10  # for each architecture of a chunk: nodes, terms and temporary maps


@dataclass(frozen=True)
class Use:
    """Which rows of a chunk have an operation on an edge: a slice, or int64 indices [r]."""

    edge: int
    operation: int
    rows: slice | Tensor


@dataclass(frozen=True)
class Chunk:
    """Consecutive architectures with the same prefix, passed together after the first cell."""

    places: slice
    paths: list[list[int]]  # their operations, six for each
    uses: list[Use]  # all operations of the chunk, edge by edge


def many_logits(
    x: Tensor,
    blocks: Sequence[nn.Module],
    finish: Callable[[Tensor, ByGroup], Tensor],
    codes: Codes,
    normalise: ByGroup,
    parts: int = 1,
    memory: int = MEMORY,
) -> Iterator[tuple[slice, Tensor]]:
    """Yield places in ``codes`` and logits [k, B, classes] of the architectures, chunk by chunk.

    Codes are canonical and ascend; ``x`` is the first cell's input [B, C, H, W], ``finish`` what
    follows the last block. Chunks are ``parts`` times smaller than usual, and feature maps take at
    most ``memory`` bytes, but one architecture is passed at least.

    Feature maps of k architectures are [k, B, H, W, C] here.
    """
    first, *rest = blocks
    assert isinstance(first, Cell)
    for chunk, start in _first_cell(first, x, _chunks(codes, x, parts, memory), normalise):
        maps = start
        for block in rest:
            if isinstance(block, Cell):
                maps = _own_cell(block, maps, chunk.uses, normalise)
            else:
                maps = as_maps(block(as_images(maps), normalise), len(x))
        logits = finish(as_images(maps), normalise)
        yield chunk.places, logits.reshape(len(chunk.paths), len(x), -1)


def _first_cell(
    cell: Cell, x: Tensor, chunks: Sequence[Chunk], normalise: ByGroup
) -> Iterator[tuple[Chunk, Tensor]]:
    """Yield each chunk with its outputs of the first cell, all from one input [B, C, H, W]."""
    known: dict[tuple[int, int], Tensor] = {}  # outputs of edges and operations
    nodes: list[Tensor | None] = [x, None, None]
    prefix: list[int] = []

    def output_of(edge: int, operation: int) -> Tensor | None:
        source = nodes[EDGES[edge][0]]
        if operation == NONE or source is None:
            return None
        if (edge, operation) not in known:
            known[edge, operation] = cell.edge(edge)(CellNode(source), operation, normalise)
        return known[edge, operation]

    def forget(node: int) -> None:
        """Drop the outputs of edges from a node that changes."""
        for edge, operation in list(known):
            if EDGES[edge][0] == node:
                del known[edge, operation]

    for chunk in chunks:
        path = chunk.paths[0]
        if path[:1] != prefix[:1]:
            forget(1)
            nodes[1] = output_of(0, path[0])
        if path[:PREFIX] != prefix:
            forget(2)
            nodes[2] = _total([output_of(1, path[1]), output_of(2, path[2])])
            prefix = path[:PREFIX]
        b, c, h, w = x.shape
        outputs = x.new_empty(len(chunk.paths), b, h, w, c)
        before: list[int] = []
        for output, operations in zip(as_images(outputs).split(b), chunk.paths, strict=True):
            if operations[PREFIX:-1] != before:
                before = operations[PREFIX:-1]
                shared = _total([output_of(edge, operations[edge]) for edge in (3, 4)])
            _write(output, shared, output_of(5, operations[5]))
        yield chunk, outputs


def _own_cell(cell: Cell, maps: Tensor, uses: Sequence[Use], normalise: ByGroup) -> Tensor:
    """Pass feature maps [k, B, H, W, C] through a cell, each along its own path."""
    nodes: list[Tensor | None] = [maps, None, None, None]
    for target in range(1, len(nodes)):
        terms = []
        for use in uses:
            if EDGES[use.edge][1] == target:
                value = nodes[EDGES[use.edge][0]]
                assert value is not None  # a live edge has a source
                terms.append(_term(cell.edge(use.edge), value[use.rows], use, normalise))
        nodes[target] = _sum_of(terms, maps) if terms else None
    output = nodes[-1]
    return torch.zeros_like(maps) if output is None else output


@dataclass(frozen=True)
class Term:
    """What an operation adds to a node in some rows of a chunk: scale · maps + shift.

    Maps are [r, B, H·W·C], scale and shift [r, C]; None stands for ones and zeros.
    """

    rows: slice | Tensor
    maps: Tensor
    scale: Tensor | None = None
    shift: Tensor | None = None


def _term(edge: Edge, maps: Tensor, use: Use, normalise: ByGroup) -> Term:
    """Apply an operation to feature maps [r, B, H, W, C]; its BatchNorm is applied in the sum."""
    if use.operation == SKIP_CONNECT:
        return Term(use.rows, maps.flatten(2))
    if use.operation == AVG_POOL_3X3:
        return Term(use.rows, as_maps(average_pool(as_images(maps)), maps.shape[1]).flatten(2))
    found = edge.convolve(F.relu(as_images(maps)), use.operation)
    found = found.contiguous(memory_format=torch.channels_last)  # a copy on some devices
    rows = as_maps(found, maps.shape[1]).flatten(2)
    return Term(use.rows, rows, *normalise.scale_and_shift(found))


def _sum_of(terms: Sequence[Term], like: Tensor) -> Tensor:
    """Return the sum of terms, of the shape [k, B, H, W, C] of ``like``.

    The sum starts from the shifts of all terms, [k, C]; then each term's maps are read once and
    multiplied while they are added, so no normalised map is ever written.
    """
    k, b, h, w, c = like.shape
    by_channel = like.new_zeros(k, c)
    for term in terms:
        if term.shift is not None:
            _add(by_channel, term.rows, term.shift)
    shifts = along_rows(by_channel, h * w)
    first, *others = sorted(terms, key=lambda term: len(term.maps) < k)
    if len(first.maps) < k:  # no operation is used by all
        total, others = shifts.repeat(1, b, 1), [first, *others]
    elif first.scale is None:
        total = first.maps + shifts
    else:
        total = torch.addcmul(shifts, first.maps, along_rows(first.scale, h * w))
    for term in others:
        if term.scale is None:
            _add(total, term.rows, term.maps)
        elif isinstance(term.rows, slice):
            total[term.rows].addcmul_(term.maps, along_rows(term.scale, h * w))
        else:
            _add(total, term.rows, term.maps * along_rows(term.scale, h * w))
    return total.reshape(like.shape)


def _add(total: Tensor, rows: slice | Tensor, maps: Tensor) -> None:
    """Add maps [r, …] to some rows of a sum [k, …]."""
    if isinstance(rows, slice):
        total[rows] += maps
    else:
        total.index_add_(0, rows, maps)


def _total(terms: Sequence[Tensor | None]) -> Tensor | None:
    """Return the sum of terms, of which None is zero."""
    present = [term for term in terms if term is not None]
    return sum(present[1:], start=present[0]) if present else None


def _write(output: Tensor, one: Tensor | None, other: Tensor | None) -> None:
    """Write the sum of two maps, of which None is zero."""
    if one is not None and other is not None:
        torch.add(one, other, out=output)
        return
    present = other if one is None else one
    if present is None:
        output.zero_()
    else:
        output.copy_(present)


def _chunks(codes: Codes, x: Tensor, parts: int, memory: int) -> list[Chunk]:
    """Cut ascending codes where the prefix changes, and into parts that fit the memory.

    Args as for `many_logits`, and ``x``, one architecture's maps [B, C, H, W] in the first cell.
    """
    one = x.numel() * x.element_size()
    limit = CHUNK_BYTES.get(x.device.type, OTHER_CHUNK_BYTES)
    most = max(1, min(limit, (memory - FIRST_CELL_MAPS * one) // CHUNK_MAPS) // parts // one)
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
    """Return the uses of operations in a chunk, given its operations [k, 6]."""
    uses = []
    for edge, column in enumerate(operations.T):
        for operation in np.unique(column[column != NONE]).tolist():
            rows = np.flatnonzero(column == operation)
            first, last = int(rows[0]), int(rows[-1])
            contiguous = last - first + 1 == len(rows)
            where = slice(first, last + 1) if contiguous else torch.from_numpy(rows)
            uses.append(Use(edge, operation, where))
    return uses


def _moved(chunks: list[Chunk], device: torch.device) -> list[Chunk]:
    """Move all indices to the device at once, so that passes do not wait for them."""
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
