from __future__ import annotations

import math

import pytest
import torch

from baselines.reference import Naswot
from baselines.reference.naswot import naswot
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.reference.written_out import (
    CODE,
    CODES,
    double_network,
    noise,
    written_out,
)


class TestNaswot(ReferenceConformance):
    method = Naswot


def determinant(rows: list[list[float]]) -> float:
    """Expand along the first row."""
    if not rows:
        return 1.0
    first, *others = rows
    return math.fsum(
        (-1) ** at * value * determinant([row[:at] + row[at + 1 :] for row in others])
        for at, value in enumerate(first)
    )


@pytest.mark.parametrize("code", CODES)
def test_it_counts_the_units_on_which_codes_agree(code: int) -> None:
    network, images = double_network(code), noise(5)
    passed = written_out(network.weights(), images.pixels, code)
    codes = [
        [bool(on) for inputs in passed.rectified for on in (inputs[image] > 0).flatten()]
        for image in range(5)
    ]
    kernel = [
        [float(sum(a == b for a, b in zip(one, other, strict=True))) for other in codes]
        for one in codes
    ]
    assert kernel[0][0] == sum(inputs[0].numel() for inputs in passed.rectified)
    assert naswot(network, images.pixels) == pytest.approx(math.log(determinant(kernel)))


def test_images_of_one_code_rank_a_network_last() -> None:
    images = noise(4).pixels
    images[2] = images[0]
    assert naswot(double_network(), images) == -math.inf


def test_the_size_of_weights_decides_nothing_under_batch_norm() -> None:
    plain, larger = double_network(CODE), double_network(CODE)
    with torch.no_grad():
        larger.weights()[0].mul_(3)
    assert naswot(plain, noise().pixels) == naswot(larger, noise().pixels)
