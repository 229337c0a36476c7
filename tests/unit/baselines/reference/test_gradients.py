from __future__ import annotations

import math
from statistics import fmean, pstdev

import pytest
import torch

from baselines.reference import GradNorm, Snip, Zico
from baselines.reference.gradients import grad_norm, loss_gradients, snip, zico
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


class TestSnip(ReferenceConformance):
    method = Snip


class TestZico(ReferenceConformance):
    method = Zico


@pytest.mark.parametrize("code", CODES)
def test_grad_norm_adds_the_length_of_each_layers_gradient(code: int) -> None:
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
    before = loss_gradients(network, images)
    network.weights()[0].data.mul_(2)
    after = loss_gradients(network, images)
    assert float(after[0].norm()) == pytest.approx(float(before[0].norm()) / 2, rel=1e-3)
    assert float(after[-1].norm()) == pytest.approx(float(before[-1].norm()), rel=1e-3)


@pytest.mark.parametrize("code", CODES)
def test_snip_is_the_gradient_of_masks(code: int) -> None:
    network, images = double_network(code), noise()
    weights = [weight.detach() for weight in network.weights()]
    masks = [torch.ones_like(weight, requires_grad=True) for weight in weights]
    masked = [weight * mask for weight, mask in zip(weights, masks, strict=True)]
    logits = written_out(masked, images.pixels, code).logits
    chosen = logits[torch.arange(len(images)), images.labels]
    (logits.exp().sum(1).log() - chosen).mean().backward()
    total = 0.0
    for mask in masks:
        assert mask.grad is not None
        total += sum(abs(float(one)) for one in mask.grad.flatten())
    assert snip(network, images) == pytest.approx(total, rel=1e-9)
    assert total > 0


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("code", CODES)
def test_zico_sums_within_layers_and_multiplies_over_them(code: int, count: int) -> None:
    network = double_network(code)
    batches = [noise(seed=seed) for seed in range(count)]
    found: list[list[list[float]]] = []  # batch, layer, weight
    for batch in batches:
        weights = leaves(network)
        logits = written_out(weights, batch.pixels, code).logits
        (-logits.log_softmax(1)[range(len(batch)), batch.labels]).mean().backward()
        found.append([[float(g) for g in w.grad.flatten()] for w in weights if w.grad is not None])
    score = 0.0
    for layer in zip(*found, strict=True):
        total = 0.0
        for gradients in zip(*layer, strict=True):
            sizes = [abs(gradient) for gradient in gradients]
            if pstdev(sizes) > 0:
                total += fmean(sizes) / pstdev(sizes)
        score += math.log(total)
    assert zico(network, batches) == pytest.approx(score, rel=1e-6)


def test_in_zico_gradients_that_do_not_vary_count_nothing() -> None:
    assert zico(double_network(), [noise(), noise()]) == 0
