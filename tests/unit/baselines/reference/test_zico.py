from __future__ import annotations

import math
from statistics import fmean, pstdev

import pytest

from baselines.reference import Zico
from baselines.reference.zico import zico
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.reference.written_out import (
    CODES,
    double_network,
    leaves,
    noise,
    written_out,
)


class TestZico(ReferenceConformance):
    method = Zico


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("code", CODES)
def test_it_sums_within_layers_and_multiplies_over_them(code: int, count: int) -> None:
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


def test_gradients_that_do_not_vary_count_nothing() -> None:
    assert zico(double_network(), [noise(), noise()]) == 0
