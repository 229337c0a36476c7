from __future__ import annotations

import pytest
import torch

from baselines.reference import Snip
from baselines.reference.snip import snip
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.reference.written_out import CODES, double_network, noise, written_out


class TestSnip(ReferenceConformance):
    method = Snip


@pytest.mark.parametrize("code", CODES)
def test_it_is_the_gradient_of_masks(code: int) -> None:
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
