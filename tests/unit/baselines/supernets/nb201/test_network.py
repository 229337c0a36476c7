from __future__ import annotations

import math
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.supernets.nb201.network import CellSupernet
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE, decode, encode, is_connected, live_codes
from benchmark.spaces.nb201.complexity import NetworkScale, parameters
from tests.unit.baselines.naive import naive_logits
from tests.unit.baselines.tiny import tiny_images, tiny_network, tiny_scale

SCALES = [
    tiny_scale(channels=4, cells=1),
    tiny_scale(channels=4, cells=2),
    NetworkScale(channels=16, cells=1, resolution=4, classes=100),
    NetworkScale(channels=16, cells=2, resolution=8, classes=7, input_channels=2),
]
NETWORKS = {cells: tiny_network(tiny_scale(cells=cells)) for cells in (1, 2)}
PIXELS = tiny_images(torch.float64).valid.pixels[:4]
DISCONNECTED = np.flatnonzero(~is_connected()).tolist()
CODES = st.integers(0, SIZE - 1) | st.sampled_from(DISCONNECTED)


def new_network(scale: NetworkScale, seed: int = 0) -> CellSupernet:
    return CellSupernet(scale, torch.Generator().manual_seed(seed))


def each_operation_on_each_edge() -> list[int]:
    """Return the codes that differ from the first architecture in one edge at most."""
    paths = np.zeros((len(EDGES), len(OPERATIONS), len(EDGES)), int)
    for edge in range(len(EDGES)):
        paths[edge, :, edge] = range(len(OPERATIONS))
    return encode(paths).ravel().tolist()


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_a_path_has_as_many_weights_as_the_formula_counts(scale: NetworkScale) -> None:
    network = new_network(scale)
    candidates = set(chain.from_iterable(map(network.decision_weights, range(len(EDGES)))))
    fixed = sum(weight.numel() for weight in network.parameters() if weight not in candidates)
    rng = np.random.default_rng(0)
    for code in [*each_operation_on_each_edge(), *rng.integers(SIZE, size=20).tolist()]:
        chosen = sum(
            dict(cell.edge(edge).named_parameters())[name].numel()
            for cell in network.cells()
            for edge, name in enumerate(OPERATIONS[index] for index in decode(code))
            if name.startswith("nor_conv")
        )
        assert fixed + chosen == int(parameters(code, scale, affine=False))


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_a_pass_uses_as_many_weights_as_the_formula_counts(scale: NetworkScale) -> None:
    network = new_network(scale)
    images = torch.randn(2, scale.input_channels, scale.resolution, scale.resolution)
    weights = list(network.parameters())
    codes = np.random.default_rng(1).choice(np.unique(live_codes())[1:], size=20)
    for code in codes:
        loss = network(images, decode(code).tolist()).square().sum()
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        used = sum(gradient.numel() for gradient in gradients if gradient is not None)
        assert used == int(parameters(code, scale, affine=False))


@settings(max_examples=40)
@given(CODES, st.sampled_from([1, 2]))
def test_logits_equal_those_of_a_network_without_shortcuts(code: int, cells: int) -> None:
    network, path = NETWORKS[cells], decode(code).tolist()
    expected = naive_logits(dict(network.named_parameters()), PIXELS, path, cells)
    torch.testing.assert_close(network(PIXELS, path), expected, rtol=1e-8, atol=1e-8)


@settings(max_examples=30)
@given(CODES)
def test_equal_live_codes_are_one_function(code: int) -> None:
    path, live = decode([code, int(live_codes(code))]).tolist()
    network = NETWORKS[1]
    torch.testing.assert_close(network(PIXELS, path), network(PIXELS, live), rtol=0, atol=1e-12)


def test_a_disconnected_path_answers_the_same_to_every_image() -> None:
    logits = NETWORKS[1](PIXELS, decode(DISCONNECTED[-1]).tolist())
    torch.testing.assert_close(logits, logits[:1].expand_as(logits), rtol=0, atol=0)


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_initial_weights_are_those_of_the_generator_alone(scale: NetworkScale) -> None:
    state = torch.get_rng_state()
    one, same, other = new_network(scale), new_network(scale), new_network(scale, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    for name, weight in one.named_parameters():
        assert torch.equal(weight, same.get_parameter(name))
        if "norm" in name:
            assert torch.equal(weight, torch.full_like(weight, float(name.endswith("weight"))))
            continue
        assert not torch.equal(weight, other.get_parameter(name))
        inputs = one.classifier.in_features if "classifier" in name else weight[0].numel()
        assert weight.abs().max() <= 1 / math.sqrt(inputs)


def test_initial_weights_fill_their_range_evenly() -> None:
    first = next(new_network(NetworkScale(channels=16, cells=1)).cells())
    weight = first.edge(0).nor_conv_3x3
    bound = 1 / math.sqrt(16 * 9)
    assert weight.mean().abs().item() < 0.1 * bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_edges_and_residual_blocks_make_up_the_blocks() -> None:
    network = NETWORKS[2]
    edges = [set(network.decision_weights(edge)) for edge in range(len(EDGES))]
    for edge, weights in enumerate(edges):
        named = {
            weight
            for name, weight in network.named_parameters()
            if f".edges.{edge}." in name and name.startswith("blocks.")
        }
        assert weights == named
        assert len(weights) == 2 * 3 * 2  # kernels, stages, cells
    residual = set(network.common_weights())
    assert len(residual) == len(network.common_weights())
    named = {weight for block in network.residual_blocks() for weight in block.parameters()}
    assert residual == named
    everything = {w for name, w in network.named_parameters() if name.startswith("blocks.")}
    assert residual | set().union(*edges) == everything
    assert not residual & set().union(*edges)
