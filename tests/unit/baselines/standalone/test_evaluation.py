from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn

from baselines.standalone.evaluation import evaluate_network, recompute_batch_norm
from baselines.standalone.images import read_parts
from baselines.supernets.nb201.child import CellNetwork
from benchmark.errors import DivergedError
from benchmark.images import Images
from benchmark.seeds import Streams
from tests.unit.baselines.standalone.tiny import ARCH, network_of, tiny


@pytest.fixture
def network() -> CellNetwork:
    return network_of(ARCH, tiny(), Streams(0).torch("weights"))


def test_mirrored_images_count_by_the_mean_of_their_logits(network: CellNetwork) -> None:
    few = read_parts(tiny(), Path(), "cpu").test.first(20)
    found = evaluate_network(network, few, mirrored=True)
    with torch.no_grad():
        logits = (network(few.pixels) + network(few.pixels.flip(-1))) / 2
    assert found.loss == pytest.approx(float(F.cross_entropy(logits, few.labels)), rel=1e-5)
    assert found.loss != evaluate_network(network, few, mirrored=False).loss


def test_recomputed_statistics_are_those_of_the_images(network: CellNetwork) -> None:
    few = Images(torch.randn(300, 1, 8, 8), torch.zeros(300, dtype=torch.int64))
    recompute_batch_norm(network, few)
    assert isinstance(network.stem, nn.Sequential)
    convolution, norm = network.stem
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    maps = convolution(few.pixels)
    assert torch.allclose(norm.running_mean, maps.mean((0, 2, 3)), atol=1e-6)
    assert norm.momentum == 0.1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_not_finite_are_an_error(network: CellNetwork, value: float) -> None:
    with torch.no_grad():
        network.classifier.bias.fill_(value)
    few = read_parts(tiny(), Path(), "cpu").test.first(20)
    with pytest.raises(DivergedError, match=r"^training diverged: .* logits are not finite, lower"):
        evaluate_network(network, few, mirrored=False)
