from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import distance

from baselines.splitting import FULL, Subspace, gradient_distances
from baselines.splitting.gradient_distances import cosine_distances
from baselines.supernets.mixture import Path
from benchmark.images import Batches
from benchmark.spaces.nb201 import EDGES, decode, live_codes
from tests.unit.baselines.naive import naive_logits
from tests.unit.baselines.tiny import tiny_images, tiny_network, tiny_scale

NETWORKS = {cells: tiny_network(tiny_scale(channels=2, cells=cells)) for cells in (1, 2)}
BATCHES = Batches(tiny_images(torch.float64).train, 4, 3, 1, torch.Generator().manual_seed(11))
PATHS = st.sampled_from(np.unique(live_codes())[1:].tolist()).map(lambda c: decode(c).tolist())
EVERY_EDGE = range(len(EDGES))
NONE, CONV_3X3 = 0, 3


def gradient_of_child(path: Path, edge: int, batch: int, cells: int) -> NDArray[np.float64]:
    """Run one child model alone; zeros where it does not use a weight."""
    named = dict(NETWORKS[cells].named_parameters())
    weights = {name: weight.detach().clone().requires_grad_() for name, weight in named.items()}
    pixels, labels = BATCHES[batch]
    F.cross_entropy(naive_logits(weights, pixels, path, cells), labels).backward()
    parts = []
    for name, weight in weights.items():
        if name.startswith("blocks.") and f".edges.{edge}." not in name:
            gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
            parts.append(gradient.flatten().numpy())
    return np.concatenate(parts)


def naive_distances(
    base_paths: list[list[int]], edge: int, allowed: tuple[int, ...], cells: int
) -> NDArray[np.float64]:
    total = np.zeros((len(allowed), len(allowed)))
    for batch, base in enumerate(base_paths):
        children = [[*base[:edge], operation, *base[edge + 1 :]] for operation in allowed]
        vectors = [gradient_of_child(child, edge, batch, cells) for child in children]
        for row, one in enumerate(vectors):
            for column, other in enumerate(vectors):
                if not one.any() and not other.any():
                    continue
                if not one.any() or not other.any():
                    total[row, column] += 1
                    continue
                total[row, column] += distance.cosine(one, other)
    return total / len(base_paths)


def found_distances(
    base_paths: list[list[int]], edges: list[int], subspace: Subspace = FULL, cells: int = 1
) -> tuple[dict[int, NDArray[np.float64]], int]:
    """Return the distances and how many passes were charged."""
    passes: list[None] = []
    distances = gradient_distances(
        NETWORKS[cells], subspace, edges, BATCHES, base_paths, lambda: passes.append(None)
    )
    return distances, len(passes)


@settings(max_examples=12)
@given(st.lists(PATHS, min_size=1, max_size=3), st.sampled_from([1, 2]), st.data())
def test_distances_equal_those_of_children_run_alone(
    base_paths: list[list[int]], cells: int, data: st.DataObject
) -> None:
    edges = data.draw(st.lists(st.sampled_from(EVERY_EDGE), min_size=1, max_size=2, unique=True))
    found, _ = found_distances(base_paths, edges, cells=cells)
    assert list(found) == edges
    for edge, matrix in found.items():
        expected = naive_distances(base_paths, edge, (0, 1, 2, 3, 4), cells)
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-5)
        assert (matrix == matrix.T).all()
        assert not matrix.diagonal().any()
        assert matrix.min() >= 0
        assert matrix.max() <= 2


def test_operations_on_a_dead_edge_are_all_alike() -> None:
    through_node_two = [NONE, CONV_3X3, 1, NONE, 1, CONV_3X3]  # nothing arrives at node 1
    found, passes = found_distances([through_node_two], [2, 4])
    assert not found[2].any()
    assert not found[4].any()
    assert passes == 1


def test_an_operation_that_cuts_the_signal_is_unlike_the_others() -> None:
    only_edge = [NONE, NONE, NONE, CONV_3X3, NONE, NONE]
    found, _ = found_distances([only_edge], [3])
    np.testing.assert_allclose(found[3][NONE, 1:], 1)


@given(st.lists(PATHS, min_size=1, max_size=2), st.sets(st.sampled_from(EVERY_EDGE), min_size=1))
@settings(max_examples=10)
def test_each_different_child_is_passed_once(base_paths: list[list[int]], edges: set[int]) -> None:
    _, passes = found_distances(base_paths, sorted(edges))
    different = 0
    for base in base_paths:
        codes = set()
        for edge in edges:
            for operation in range(5):
                child = [*base[:edge], operation, *base[edge + 1 :]]
                codes.add(int(live_codes(int("".join(map(str, child)), 5))))
        different += len(codes)
    assert passes == different <= len(base_paths) * (1 + 4 * len(edges))


def test_a_subspace_compares_what_it_allows() -> None:
    subspace = Subspace(((1, 3), (0, 1, 2, 3, 4), (0, 2, 4), (2,), (0, 1, 2, 3, 4), (3, 4)))
    bases = [[3, 2, 4, 2, 1, 3], [1, 0, 2, 2, 3, 4]]
    edges = [0, 2, 3]
    restricted, _ = found_distances(bases, edges, subspace)
    full, _ = found_distances(bases, edges)
    for edge in edges:
        allowed = list(subspace.allowed[edge])
        np.testing.assert_allclose(
            restricted[edge], full[edge][np.ix_(allowed, allowed)], rtol=0, atol=1e-12
        )


def test_what_is_enough_is_all_that_is_used() -> None:
    bases = [[3, 2, 4, 2, 1, 3], [1, 0, 2, 2, 3, 4], [3, 3, 3, 3, 3, 3]]
    found = gradient_distances(
        NETWORKS[1], FULL, [3], BATCHES, bases, lambda: None, should_stop=lambda _, used: used == 2
    )
    expected, _ = found_distances(bases[:2], [3])
    assert found[3].tobytes() == expected[3].tobytes()


def test_weights_stay_as_they_are() -> None:
    network = NETWORKS[1]
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    found_distances([[3, 2, 1, 4, 3, 2]], [0, 5])
    for name, weight in network.named_parameters():
        assert torch.equal(weight, before[name])
        assert weight.grad is None


def test_cosines_equal_scipys() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 40))
    vectors[1] = -2 * vectors[0]
    expected = distance.squareform(distance.pdist(vectors, "cosine"))
    found = cosine_distances(torch.from_numpy(vectors)).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_zero_vectors_are_alike_and_unlike_the_rest() -> None:
    vectors = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]], dtype=torch.float64)
    assert cosine_distances(vectors).tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def test_a_gradient_that_is_not_finite_stays_visible() -> None:
    vectors = torch.tensor([[1.0, 0.0], [float("nan"), 1.0]], dtype=torch.float64)
    assert cosine_distances(vectors)[0, 1].isnan()
