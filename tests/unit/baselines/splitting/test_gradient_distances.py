from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import distance

from baselines.splitting import Decisions, Distances, gradient_distances
from baselines.splitting.gradient_distances import cosine_distances
from baselines.supernets.parts.mixture import Path
from baselines.training import Rsps
from benchmark.images import Batches
from benchmark.spaces.nb201 import EDGES
from benchmark.spaces.subspaces.subspace import Subspace
from tests.unit.baselines.naive import naive_logits
from tests.unit.baselines.tiny import FULL, SPACE, tiny_images, tiny_network, tiny_scale

NETWORKS = {cells: tiny_network(tiny_scale(channels=2, cells=cells)) for cells in (1, 2)}
BATCHES = Batches(tiny_images(torch.float64).train, 4, 3, 1, torch.Generator().manual_seed(11))
LIVE = np.unique(SPACE.canonical(SPACE.all_codes()))[1:]
PATHS = st.sampled_from(LIVE.tolist()).map(lambda code: SPACE.decode(code).tolist())
EDGE = st.integers(0, len(EDGES) - 1)
SINGLE: st.SearchStrategy[Decisions] = EDGE.map(lambda edge: (edge,))
DECISIONS = SINGLE | st.lists(EDGE, min_size=2, max_size=2, unique=True).map(tuple)
NONE, CONV_3X3 = 0, 3


def gradient_of_child(path: Path, chosen: Decisions, batch: int, cells: int) -> NDArray[np.float64]:
    """Run one child model alone; zeros where it does not use a weight."""
    named = dict(NETWORKS[cells].named_parameters())
    weights = {name: weight.detach().clone().requires_grad_() for name, weight in named.items()}
    pixels, labels = BATCHES[batch]
    F.cross_entropy(naive_logits(weights, pixels, path, cells), labels).backward()
    parts = []
    for name, weight in weights.items():
        own = any(f".edges.{edge}." in name for edge in chosen)
        if name.startswith("blocks.") and not own:
            gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
            parts.append(gradient.flatten().numpy())
    return np.concatenate(parts)


def with_options(base: list[int], chosen: Decisions, options: Sequence[int]) -> list[int]:
    child = list(base)
    for edge, option in zip(chosen, options, strict=True):
        child[edge] = option
    return child


def naive_distances(
    base_paths: list[list[int]], chosen: Decisions, allowed: list[tuple[int, ...]], cells: int
) -> NDArray[np.float64]:
    total = np.zeros((len(allowed), len(allowed)))
    for batch, base in enumerate(base_paths):
        children = [with_options(base, chosen, options) for options in allowed]
        vectors = [gradient_of_child(child, chosen, batch, cells) for child in children]
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
    base_paths: list[list[int]],
    decisions: list[Decisions],
    subspace: Subspace = FULL,
    cells: int = 1,
) -> tuple[Distances, int]:
    """Return the distances and how many passes were charged."""
    passes: list[None] = []
    distances = gradient_distances(
        NETWORKS[cells],
        subspace,
        decisions,
        BATCHES,
        np.array(base_paths, np.int8),
        lambda: passes.append(None),
    )
    return distances, len(passes)


@settings(max_examples=12)
@given(st.lists(PATHS, min_size=1, max_size=3), st.sampled_from([1, 2]), st.data())
def test_distances_equal_those_of_children_run_alone(
    base_paths: list[list[int]], cells: int, data: st.DataObject
) -> None:
    decisions = data.draw(st.lists(SINGLE, min_size=1, max_size=2, unique=True))
    found, _ = found_distances(base_paths, decisions, cells=cells)
    assert list(found) == decisions
    for chosen, matrix in found.items():
        expected = naive_distances(base_paths, chosen, [(option,) for option in range(5)], cells)
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-5)
        assert (matrix == matrix.T).all()
        assert not matrix.diagonal().any()
        assert matrix.min() >= 0
        assert matrix.max() <= 2


def test_operations_on_a_dead_edge_are_all_alike() -> None:
    through_node_two = [NONE, CONV_3X3, 1, NONE, 1, CONV_3X3]  # nothing arrives at node 1
    found, passes = found_distances([through_node_two], [(2,), (4,)])
    assert not found[(2,)].any()
    assert not found[(4,)].any()
    assert passes == 1


def test_an_operation_that_cuts_the_signal_is_unlike_the_others() -> None:
    only_edge = [NONE, NONE, NONE, CONV_3X3, NONE, NONE]
    found, _ = found_distances([only_edge], [(3,)])
    np.testing.assert_allclose(found[(3,)][NONE, 1:], 1)


@given(st.lists(PATHS, min_size=1, max_size=2), st.sets(DECISIONS, min_size=1, max_size=4))
@settings(max_examples=10)
def test_each_different_child_is_passed_once(
    base_paths: list[list[int]], decisions: set[Decisions]
) -> None:
    _, passes = found_distances(base_paths, sorted(decisions))
    different = 0
    for base in base_paths:
        codes = set()
        for chosen in decisions:
            for options in product(range(5), repeat=len(chosen)):
                child = with_options(base, chosen, options)
                codes.add(int(SPACE.canonical(int("".join(map(str, child)), 5))))
        different += len(codes)
    most = Rsps.matching_passes([5 ** len(chosen) for chosen in decisions])
    assert passes == different <= len(base_paths) * most


@settings(max_examples=6)
@given(st.lists(PATHS, min_size=1, max_size=2), st.data())
def test_decisions_that_are_split_together_are_fixed_together(
    base_paths: list[list[int]], data: st.DataObject
) -> None:
    """Of a joint decision the weights of all its edges are left out."""
    chosen = tuple(data.draw(st.permutations(range(len(EDGES))))[:2])
    whole = list(product(range(5), repeat=2))
    allowed = sorted(data.draw(st.permutations(whole))[:7])
    rest = [option for option in whole if option not in allowed]
    subspace, _ = FULL.split(chosen, [allowed, rest])
    found, _ = found_distances(base_paths, [chosen], subspace)
    expected = naive_distances(base_paths, chosen, allowed, cells=1)
    np.testing.assert_allclose(found[chosen], expected, rtol=0, atol=1e-5)


def test_a_subspace_compares_what_it_allows() -> None:
    subspace = Subspace(SPACE, ((1, 3), (0, 1, 2, 3, 4), (0, 2, 4), (2,), (0, 1, 2, 3, 4), (3, 4)))
    bases = [[3, 2, 4, 2, 1, 3], [1, 0, 2, 2, 3, 4]]
    decisions: list[Decisions] = [(0,), (2,), (3,)]
    restricted, _ = found_distances(bases, decisions, subspace)
    full, _ = found_distances(bases, decisions)
    for chosen in decisions:
        allowed = list(subspace.allowed[chosen[0]])
        np.testing.assert_allclose(
            restricted[chosen], full[chosen][np.ix_(allowed, allowed)], rtol=0, atol=1e-12
        )


def test_what_is_enough_is_all_that_is_used() -> None:
    bases = [[3, 2, 4, 2, 1, 3], [1, 0, 2, 2, 3, 4], [3, 3, 3, 3, 3, 3]]
    found = gradient_distances(
        NETWORKS[1],
        FULL,
        [(3,)],
        BATCHES,
        np.array(bases, np.int8),
        lambda: None,
        should_stop=lambda _, used: used == 2,
    )
    expected, _ = found_distances(bases[:2], [(3,)])
    assert found[(3,)].tobytes() == expected[(3,)].tobytes()


def test_weights_stay_as_they_are() -> None:
    network = NETWORKS[1]
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    found_distances([[3, 2, 1, 4, 3, 2]], [(0,), (5,), (1, 4)])
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
