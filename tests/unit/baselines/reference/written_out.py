"""One architecture's network a second time, as plain arithmetic on a list of weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from baselines.supernets.nb201.child import CellNetwork
from benchmark.images import Images
from benchmark.spaces.nb201 import decode, encode
from benchmark.spaces.nb201.complexity import NetworkScale

SCALE = NetworkScale(channels=2, cells=1, resolution=8, classes=3, input_channels=1)

# Every operation, two convolutions after one node, and no dead edge.
CODE = int(encode([3, 2, 1, 4, 0, 3]))
CODES = (CODE, int(encode([3, 3, 4, 2, 3, 2])), int(encode([0, 0, 0, 1, 0, 0])))


@dataclass
class Passed:
    """What a pass through the network met.

    Attributes:
        logits: [B, classes].
        features: Outputs of the stem, of each cell and of each residual block.
        rectified: Input of every rectifier.
    """

    logits: Tensor = field(default_factory=lambda: torch.empty(0))
    features: list[Tensor] = field(default_factory=list)
    rectified: list[Tensor] = field(default_factory=list)


def double_network(code: int = CODE, scale: NetworkScale = SCALE, seed: int = 0) -> CellNetwork:
    return CellNetwork(code, scale, torch.Generator().manual_seed(seed)).double()


def noise(count: int = 5, scale: NetworkScale = SCALE, seed: int = 1) -> Images:
    generator = torch.Generator().manual_seed(seed)
    shape = (count, scale.input_channels, scale.resolution, scale.resolution)
    pixels = torch.randn(shape, generator=generator, dtype=torch.float64)
    return Images(pixels, torch.randint(scale.classes, (count,), generator=generator))


def written_out(
    weights: Sequence[Tensor],
    images: Tensor,
    code: int = CODE,
    scale: NetworkScale = SCALE,
    *,
    norm: bool = True,
) -> Passed:
    """Pass images through the network; the classifier has no bias, as at the beginning."""
    found, left = Passed(), iter(weights)

    def normalised(x: Tensor) -> Tensor:
        if not norm:
            return x
        centred = x - x.mean((0, 2, 3), keepdim=True)
        return centred / (centred.square().mean((0, 2, 3), keepdim=True) + 1e-5).sqrt()

    def rectified(x: Tensor) -> Tensor:
        found.rectified.append(x)
        return torch.where(x > 0, x, torch.zeros_like(x))

    def layer(x: Tensor, stride: int = 1) -> Tensor:
        weight = next(left)
        padding = weight.shape[-1] // 2
        return normalised(F.conv2d(rectified(x), weight, stride=stride, padding=padding))

    def applied(operation: int, x: Tensor) -> Tensor:
        if operation == 0:
            return torch.zeros_like(x)
        if operation == 4:
            count = F.avg_pool2d(torch.ones_like(x), 3, 1, 1)
            return F.avg_pool2d(x, 3, 1, 1) / count
        return x if operation == 1 else layer(x)

    def blocks(x: Tensor) -> Iterator[Tensor]:
        one, zero_two, one_two, zero_three, one_three, two_three = decode(code).tolist()
        for stage in range(3):
            if stage:
                main = layer(layer(x, stride=2))
                half = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2]) / 4
                half = half + x[..., 1::2, 1::2] / 4
                x = main + F.conv2d(half, next(left))
                yield x
            for _ in range(scale.cells):
                first = applied(one, x)
                second = applied(zero_two, x) + applied(one_two, first)
                third = applied(zero_three, x) + applied(one_three, first)
                x = third + applied(two_three, second)
                yield x

    found.features.append(normalised(F.conv2d(images, next(left), padding=1)))
    found.features.extend(blocks(found.features[0]))
    pooled = rectified(normalised(found.features[-1])).mean((2, 3))
    found.logits = pooled @ next(left).T
    assert next(left, None) is None
    return found


def leaves(network: CellNetwork) -> list[Tensor]:
    """Return the weights as tensors of their own that take gradients."""
    return [weight.detach().clone().requires_grad_() for weight in network.weights()]
