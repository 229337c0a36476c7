from __future__ import annotations

import math

import pytest

from baselines.reference import GradNorm
from baselines.reference.grad_norm import grad_norm
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.reference.written_out import (
    CODES,
    double_network,
    leaves,
    noise,
    written_out,
)


class TestGradNorm(ReferenceConformance):
    method = GradNorm


@pytest.mark.parametrize("code", CODES)
def test_it_adds_the_length_of_each_layers_gradient(code: int) -> None:
    network, images = double_network(code), noise()
    weights = leaves(network)
    logits = written_out(weights, images.pixels, code).logits
    (-logits.softmax(1)[range(len(images)), images.labels].log()).mean().backward()
    total = 0.0
    for weight in weights:
        assert weight.grad is not None
        total += math.sqrt(sum(float(one) ** 2 for one in weight.grad.flatten()))
    assert grad_norm(network, images) == pytest.approx(total, rel=1e-9)


def test_a_layer_twice_as_large_has_half_the_gradient_under_batch_norm() -> None:
    network, images = double_network(), noise()
    from baselines.reference.gradients import loss_gradients

    before = loss_gradients(network, images)
    network.weights()[0].data.mul_(2)
    after = loss_gradients(network, images)
    assert float(after[0].norm()) == pytest.approx(float(before[0].norm()) / 2, rel=1e-3)
    assert float(after[-1].norm()) == pytest.approx(float(before[-1].norm()), rel=1e-3)
