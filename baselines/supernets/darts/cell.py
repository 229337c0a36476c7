"""A cell of the supernet, with all operations on all of its edges."""

from collections.abc import Iterator
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.darts.operations import CandidateEdge, HalvingConv, NodeMaps, PointConv
from baselines.supernets.parts.mixture import Mixture, Path
from baselines.supernets.parts.normalisation import Normalise
from benchmark.spaces.darts.codes import EDGES, FIRST_PAIR, INPUTS, N_EDGES, N_PAIRS, NODES, PAIRS
from benchmark.spaces.darts.complexity import CellPlace

FIRST_EDGE = {node: EDGES.index((0, node)) for node in NODES}


class SearchCell(nn.Module):
    """Preprocesses two inputs, and concatenates four nodes, each a sum of its edges.

    Along a path a node sums the two edges that it keeps, in a mixture all of them.
    """

    def __init__(self, place: CellPlace) -> None:
        super().__init__()
        before = HalvingConv if place.halved else PointConv
        self.preprocess = nn.ModuleList(
            [before(place.before, place.channels), PointConv(place.last, place.channels)]
        )
        self.edges = nn.ModuleList(
            CandidateEdge(place.channels, place.stride(source)) for source, _ in EDGES
        )
        self.place = place

    def edge(self, index: int) -> CandidateEdge:
        """Return one of the 14 edges, in the order of `EDGES`."""
        return cast(CandidateEdge, self.edges[index])

    def forward(
        self, before: Tensor, last: Tensor, path: Path | Mixture, normalise: Normalise
    ) -> Tensor:
        """Pass the outputs of the two cells before, [B, …, H, W] each."""
        nodes = [
            self._node(layer(F.relu(maps), normalise), source, normalise)
            for source, (layer, maps) in enumerate(
                zip(self.preprocess, (before, last), strict=True)
            )
        ]
        for node in NODES:
            total: Tensor | None = None
            for maps in self._terms(node, nodes, path):
                total = maps if total is None else total + maps
            assert total is not None  # a node has inputs
            nodes.append(self._node(total, node, normalise))
        return torch.cat([node.maps for node in nodes[INPUTS:]], 1)

    def _node(self, maps: Tensor, number: int, normalise: Normalise) -> NodeMaps:
        return NodeMaps(maps, self.place.stride(number), normalise)

    def _terms(self, node: int, nodes: list[NodeMaps], path: Path | Mixture) -> Iterator[Tensor]:
        """Yield what the edges into a node add to it."""
        first = FIRST_EDGE[node]
        shift = self.place.kind * N_EDGES  # from an edge to its decision
        if isinstance(path, Mixture):
            for source in range(node):
                edge = first + source
                options, weights = path.options[shift + edge], path.weights[shift + edge]
                yield self.edge(edge).mixed(nodes[source], options, weights)
        else:
            for source in kept_inputs(path, self.place.kind, node):
                edge = first + source
                yield self.edge(edge)(nodes[source], path[shift + edge])


def kept_inputs(path: Path, kind: int, node: int) -> tuple[int, ...]:
    """Return the two nodes that a node of a cell reads along a path."""
    if node not in PAIRS:
        return tuple(range(INPUTS))
    return PAIRS[node][path[FIRST_PAIR + kind * N_PAIRS + NODES.index(node) - 1]]
