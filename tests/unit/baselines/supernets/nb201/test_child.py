from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from baselines.supernets.nb201.child import CellNetwork
from benchmark.errors import InputError
from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.nb201.complexity import NetworkScale, parameters
from tests.unit.baselines.reference.written_out import (
    CODES,
    SCALE,
    double_network,
    noise,
    written_out,
)

SCALES = st.builds(
    NetworkScale,
    channels=st.integers(1, 3),
    cells=st.integers(1, 2),
    resolution=st.just(4),
    classes=st.integers(1, 12),
    input_channels=st.integers(1, 3),
)


@settings(max_examples=30)
@given(st.integers(0, SIZE - 1), SCALES, st.booleans())
def test_it_has_the_parameters_that_the_formula_counts(
    code: int, scale: NetworkScale, running: bool
) -> None:
    network = CellNetwork(code, scale, torch.Generator().manual_seed(0), running=running)
    counted = sum(parameter.numel() for parameter in network.parameters())
    assert counted == parameters(code, scale)
    assert network(torch.zeros(2, scale.input_channels, 4, 4)).shape == (2, scale.classes)


@pytest.mark.parametrize("cells", [1, 2])
@pytest.mark.parametrize("code", [*CODES, 0, 7, SIZE - 1])
def test_it_computes_what_is_written_out(code: int, cells: int) -> None:
    scale = NetworkScale(2, cells, resolution=8, classes=3, input_channels=1)
    network, images = double_network(code, scale), noise(scale=scale)
    expected = written_out(network.weights(), images.pixels, code, scale)
    torch.testing.assert_close(network(images.pixels), expected.logits)
    features = network.features(images.pixels)
    assert len(features) == 1 + 3 * cells + 2
    for one, other in zip(features, expected.features, strict=True):
        torch.testing.assert_close(one, other)


def test_weights_are_drawn_as_the_paper_says() -> None:
    scale = NetworkScale(channels=16, cells=1, resolution=8)
    network = CellNetwork(SIZE - 1 - 5, scale, torch.Generator().manual_seed(0))
    for weight in network.weights():
        draws = weight.detach().numpy().ravel() * np.sqrt(weight[0].numel() / 2)
        assert abs(draws.mean()) < 5 / np.sqrt(draws.size)
        assert abs(draws.std() - 1) < 5 / np.sqrt(draws.size)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.affine
            assert (layer.weight == 1).all()
            assert (layer.bias == 0).all()
    assert (network.classifier.bias == 0).all()


def test_the_generator_alone_decides_the_weights() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    networks = [double_network(seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    one, again, other = (torch.cat([w.flatten() for w in n.weights()]) for n in networks)
    assert torch.equal(one, again)
    assert not (one == other).any()


def test_images_are_normalised_together_whatever_the_mode() -> None:
    network, images = double_network(), noise()
    assert torch.equal(network.train()(images.pixels), network.eval()(images.pixels))
    assert not torch.allclose(network(images.pixels)[:2], network(images.pixels[:2]))


def test_a_code_outside_the_space_is_refused() -> None:
    with pytest.raises(InputError, match="code 15625 is out of bounds"):
        CellNetwork(SIZE, SCALE, torch.Generator())
