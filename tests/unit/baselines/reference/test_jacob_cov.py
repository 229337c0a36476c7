from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from baselines.reference import JacobianCovariance
from baselines.reference.jacob_cov import jacobian_covariance
from benchmark.errors import InputError
from tests.unit.baselines.conformance import ReferenceConformance
from tests.unit.baselines.reference.written_out import CODES, double_network, noise, written_out
from tests.unit.baselines.tiny import tiny_experiment


class TestJacobianCovariance(ReferenceConformance):
    method = JacobianCovariance


@pytest.mark.parametrize("code", CODES)
def test_it_is_what_differences_of_pixels_give(code: int) -> None:
    network, images = double_network(code), noise(3)
    step, rows = 1e-6, []
    for image in range(3):
        row = []
        for down in range(8):
            for right in range(8):
                totals = []
                for sign in (1, -1):
                    moved = images.pixels.clone()
                    moved[image, 0, down, right] += sign * step
                    with torch.no_grad():
                        passed = written_out(network.weights(), moved, code)
                    totals.append(float(passed.logits.sum()))
                row.append((totals[0] - totals[1]) / (2 * step))
        rows.append(row)
    correlations = [[float(pearsonr(a, b).statistic) for b in rows] for a in rows]
    expected = 0.0
    for value in np.linalg.eigvals(correlations).real:
        expected -= math.log(value + 1e-5) + 1 / (value + 1e-5)
    assert jacobian_covariance(network, images.pixels) == pytest.approx(expected, rel=1e-4)


def test_images_that_look_alike_are_worse() -> None:
    network, images = double_network(), noise(4).pixels
    apart = jacobian_covariance(network, images)
    images[1] = images[0]
    alike = jacobian_covariance(network, images)
    assert alike < -1e4 < apart < -4


def test_images_without_gradients_are_no_number() -> None:
    network = double_network()
    with torch.no_grad():
        network.classifier.weight.zero_()
    assert math.isnan(jacobian_covariance(network, noise().pixels))


def test_the_images_keep_no_gradients() -> None:
    pixels = noise().pixels
    jacobian_covariance(double_network(), pixels)
    assert pixels.grad is None
    assert not pixels.requires_grad


def test_more_images_than_pixels_are_refused() -> None:
    options = {"scale": "task", "images": "noise", "batch_size": 64}
    with pytest.raises(
        InputError, match=r"batch_size is 64: it must be less than 64, the pixels of"
    ):
        JacobianCovariance(options).run(tiny_experiment())
