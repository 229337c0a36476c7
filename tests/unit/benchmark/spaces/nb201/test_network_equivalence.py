from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.supernets.nb201.child import CellNetwork
from benchmark.spaces.nb201 import (
    EDGES,
    OPERATIONS,
    decode,
    encode,
    live_codes,
    network_codes,
)
from benchmark.spaces.nb201.complexity import NetworkScale, parameters
from tests.unit.benchmark.spaces.nb201.official_notation import isomorphism_classes

CODES = st.integers(0, 15624)
NONE, SKIP, POOL = (OPERATIONS.index(name) for name in ("none", "skip_connect", "avg_pool_3x3"))


def drawn(code: int) -> nx.DiGraph:
    """Draw a cell as layers, with how many ways of skips alone lead from one to the next."""
    operations = decode(live_codes([code])[0]).tolist()
    layers = {
        edge: operation
        for edge, operation in enumerate(operations)
        if operation not in (NONE, SKIP)
    }

    def ways(start: int, end: int) -> int:
        """Count the ways of skip connections from one node of the cell to another."""
        if start == end:
            return 1
        return sum(
            ways(target, end)
            for (source, target), operation in zip(EDGES, operations, strict=True)
            if source == start and operation == SKIP
        )

    graph = nx.DiGraph()
    graph.add_nodes_from([("input", {"is": -1}), ("output", {"is": -2})])
    for edge, operation in layers.items():
        graph.add_node(edge, **{"is": operation})
    begins: dict[int | str, int] = {"input": 0} | {edge: EDGES[edge][1] for edge in layers}
    ends: dict[int | str, int] = {"output": 3} | {edge: EDGES[edge][0] for edge in layers}
    for one, node in begins.items():
        for other, target in ends.items():
            if (count := ways(node, target)) and one != other:
                graph.add_edge(one, other, ways=count)
    return without_doubles(graph)


def without_doubles(graph: nx.DiGraph) -> nx.DiGraph:
    """Let one pooling stand for all that pool the same sum."""
    for one, other in combinations([n for n, it in graph.nodes(data="is") if it == POOL], 2):
        if dict(graph.pred[one]) == dict(graph.pred[other]):
            for target, edge in list(graph.succ[other].items()):
                ways = graph.get_edge_data(one, target, {"ways": 0})["ways"] + edge["ways"]
                graph.add_edge(one, target, ways=ways)
            graph.remove_node(other)
            return without_doubles(graph)
    return graph


def is_one_network(one: int, other: int) -> bool:
    return bool(
        nx.is_isomorphic(
            drawn(one),
            drawn(other),
            node_match=lambda a, b: a["is"] == b["is"],
            edge_match=lambda a, b: a["ways"] == b["ways"],
        )
    )


@given(CODES)
def test_the_representative_is_the_same_network(code: int) -> None:
    representative = int(network_codes([code])[0])
    assert is_one_network(code, representative)
    assert representative == live_codes([representative])[0] == network_codes([representative])[0]


@pytest.mark.parametrize("kinds", ["113333", "000133", "111334", "013444", "112233", "001122"])
def test_two_are_one_network_exactly_where_their_graphs_are(kinds: str) -> None:
    by_kinds = defaultdict(set)
    for code in np.unique(live_codes()).tolist():
        by_kinds["".join(map(str, sorted(decode(code).tolist())))].add(code)
    pairs = list(combinations(sorted(by_kinds[kinds]), 2))
    assert pairs
    for one, other in pairs[:: 1 + len(pairs) // 300]:
        assert (network_codes([one])[0] == network_codes([other])[0]) == is_one_network(one, other)


def test_the_smallest_code_stands_for_its_class() -> None:
    classes = defaultdict(list)
    for code, representative in enumerate(network_codes().tolist()):
        classes[representative].append(code)
    assert len(classes) == 5260
    assert all(min(members) == name for name, members in classes.items())
    assert Counter(network_codes().tolist())[0] == 341


def test_a_shared_convolution_is_not_two() -> None:
    conv, other = OPERATIONS.index("nor_conv_3x3"), OPERATIONS.index("nor_conv_1x1")
    shared = int(encode([conv, 0, other, 0, SKIP, SKIP]))  # conv(x) + 1×1(conv(x)), of one conv
    apart = int(encode([conv, conv, 0, 0, SKIP, other]))  # of two convolutions
    assert network_codes([shared])[0] != network_codes([apart])[0]
    scale = NetworkScale(channels=2, cells=1, resolution=4)
    assert parameters(shared, scale) != parameters(apart, scale)


def test_classes_of_texts_hold_different_networks() -> None:
    networks = defaultdict(set)
    for text, network in zip(isomorphism_classes(), network_codes().tolist(), strict=True):
        networks[text].add(network)
    one, other, *_ = next(sorted(found) for found in networks.values() if len(found) > 1)
    assert not is_one_network(one, other)


def test_members_of_a_class_compute_the_same_with_the_same_weights() -> None:
    scale = NetworkScale(channels=3, cells=1, resolution=8)
    longer = int(encode([3, 0, 2, 0, 0, 4]))  # 3×3, 1×1, pooling in a row
    without = int(encode([3, 0, 0, 0, 2, 0]))  # 3×3 and 1×1 by node 1
    skipped = int(encode([0, 3, 0, 0, 0, 2]))  # the same by node 2
    assert network_codes([without])[0] == network_codes([skipped])[0]
    assert network_codes([longer])[0] != network_codes([without])[0]
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    logits = [
        CellNetwork(code, scale, torch.Generator().manual_seed(0))(images)
        for code in (without, skipped)
    ]
    assert torch.equal(*logits)
