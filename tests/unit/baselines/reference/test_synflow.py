from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from baselines.reference import SynFlow
from baselines.reference.synflow import synflow
from baselines.supernets.nb201.child import CellNetwork
from benchmark.spaces.nb201.complexity import NetworkScale
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.reference.written_out import CODE, CODES, SCALE, written_out
from tests.unit.baselines.tiny import FEW, tiny_experiment, tiny_images


class TestSynFlow(ReferenceConformance):
    method = SynFlow


def flow_without_gradients(network: CellNetwork, code: int, scale: NetworkScale) -> float:
    """Sum over layers what is lost when a layer's weights are zero.

    Weights and input are positive, so nothing is rectified away and the output is linear in the
    weights of one layer: there w ∂R/∂w summed over the layer is R less R without the layer.
    """
    weights = [weight.detach().double().abs() for weight in network.weights()]
    ones = torch.ones(
        1, scale.input_channels, scale.resolution, scale.resolution, dtype=torch.float64
    )

    def total(layers: list[torch.Tensor]) -> float:
        return float(written_out(layers, ones, code, scale, norm=False).logits.sum())

    return sum(
        total(weights) - total([*weights[:at], 0 * weight, *weights[at + 1 :]])
        for at, weight in enumerate(weights)
    )


@pytest.mark.parametrize("cells", [1, 2])
@pytest.mark.parametrize("code", CODES)
def test_it_is_what_layers_carry(code: int, cells: int) -> None:
    scale = replace(SCALE, cells=cells)
    network = CellNetwork(code, scale, torch.Generator().manual_seed(3))
    expected = flow_without_gradients(network, code, scale)
    assert synflow(network, scale) == pytest.approx(math.log(expected), rel=1e-9)


def test_nothing_flows_through_a_disconnected_cell() -> None:
    network = CellNetwork(0, SCALE, torch.Generator().manual_seed(0))
    assert synflow(network, SCALE) == -math.inf


def test_a_network_of_the_tables_size_stays_in_range() -> None:
    scale = NetworkScale(resolution=4)
    heaviest = 3 * (5**6 - 1) // 4  # 3×3 convolutions on all edges
    assert math.isfinite(synflow(CellNetwork(heaviest, scale, torch.Generator()), scale))


def test_signs_and_norms_decide_nothing() -> None:
    plain, changed = (CellNetwork(CODE, SCALE, torch.Generator().manual_seed(0)) for _ in range(2))
    with torch.no_grad():
        for number, weight in enumerate(changed.weights()):
            weight.mul_((-1) ** number)
        for layer in changed.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.weight.fill_(7)
    assert synflow(plain, SCALE) == synflow(changed, SCALE)


def test_images_decide_nothing() -> None:
    images = tiny_images()
    images.train.pixels.mul_(-3)
    one, other = (
        SynFlow({"scale": "task"}).run(tiny_experiment(images=given, candidates=FEW)).scores
        for given in (tiny_images(), images)
    )
    np.testing.assert_array_equal(one, other)
