"""The networks against one written out plainly."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.supernets.accel.network import Excitation, accel_network
from benchmark.spaces.accel.layers import AccelScale
from benchmark.spaces.registry import open_space

SPACE = open_space("accel")
SCALE = AccelScale(
    stem=8,
    widths=(4, 5, 6, 7, 8, 9, 10),
    head=11,
    strides=(1, 2, 1, 2, 1, 2, 1),
    resolution=13,
    input_channels=2,
    classes=5,
)
IMAGES = torch.randn(4, 2, 13, 13, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def new_network(code: int) -> nn.Module:
    return accel_network(code, SCALE, torch.Generator().manual_seed(0), running=False).double()


def written_out(code: int, weights: Iterator[Tensor]) -> Tensor:
    """Pass the images, taking the weights in their order."""

    def conv_norm(x: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        weight = next(weights)
        maps = F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=groups)
        return F.batch_norm(maps, None, None, next(weights), next(weights), training=True)

    columns = [part.lstrip("ekls") for part in SPACE.format(code).split("-")]
    x = F.relu(conv_norm(IMAGES, SCALE.stem_stride))
    for stage, (e, k, depth, excited) in enumerate(zip(*columns, strict=True)):
        for place in range(int(depth)):
            hidden = F.relu(conv_norm(x)) if e != "1" else x
            stride = 1 if place else SCALE.strides[stage]
            hidden = F.relu(conv_norm(hidden, stride, hidden.shape[1]))
            if excited == "1":
                squeeze, squeeze_bias, excite, excite_bias = (next(weights) for _ in range(4))
                assert len(squeeze) == max(1, x.shape[1] // 4)
                means = hidden.mean((2, 3))
                inner = F.relu(means @ squeeze[:, :, 0, 0].T + squeeze_bias)
                gates = torch.sigmoid(inner @ excite[:, :, 0, 0].T + excite_bias)
                hidden = hidden * gates[:, :, None, None]
            output = conv_norm(hidden)
            x = x + output if place else output
            assert k in "35"
    pooled = F.relu(conv_norm(x)).mean((2, 3))
    return F.linear(pooled, next(weights), next(weights))


@settings(max_examples=20)
@given(st.integers(0, SPACE.size - 1))
def test_a_network_is_what_is_written_out(code: int) -> None:
    network = new_network(code)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 1:
                noise = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
                weight.add_(0.3 * noise)
    weights = iter(network.parameters())
    expected = written_out(code, weights)
    assert not list(weights)
    torch.testing.assert_close(network(IMAGES), expected, rtol=1e-6, atol=1e-8)


def test_kernels_are_those_of_the_stages() -> None:
    network = new_network(SPACE.parse("e1416461-k3535533-l1131241-se0101010"))
    kernels = [
        layer.kernel_size[0]
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d) and layer.groups > 1
    ]
    assert kernels == [3, 5, 3, 3, 3, 5, 5, 5, 3, 3, 3, 3, 3]


def test_excitation_begins_with_zero_biases() -> None:
    network = new_network(SPACE.parse("e1666666-k3353553-l1223341-se1111111"))
    layers = [layer for layer in network.modules() if isinstance(layer, Excitation)]
    assert len(layers) == 16
    for layer in layers:
        for convolution in (layer.squeeze, layer.excite):
            assert convolution.bias is not None
            assert not convolution.bias.any()
            assert convolution.weight.std() > 0
