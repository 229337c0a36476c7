"""The supernet and the stand-alone networks, chains of eight layers.

In the supernet every BatchNorm has scale and shift, which belong to its option, as in single-path
supernets [SPOS, arXiv 1904.00420].
"""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn

from baselines.supernets.chain.bottlenecks import child_bottleneck, supernet_bottleneck
from baselines.supernets.chain.child import ChainNetwork
from baselines.supernets.chain.layer import ChoiceLayer
from baselines.supernets.chain.supernet import ChainSupernet
from baselines.supernets.parts.child import conv_norm
from baselines.supernets.parts.layers import ConvNorm
from benchmark.spaces.chain.stages import LayerShape
from benchmark.spaces.macro.layers import OPTIONS, SHAPES, MacroScale, layer_shapes
from benchmark.spaces.registry import open_space


def macro_supernet(scale: MacroScale, generator: torch.Generator) -> ChainSupernet:
    """Return the whole network with initial weights, on the CPU.

    Example:
        >>> scale = MacroScale(stem=4, widths=(8, 16, 32), head=40, resolution=8)
        >>> network = macro_supernet(scale, torch.Generator().manual_seed(0))
        >>> network(torch.zeros(2, 3, 8, 8), path=[2, 2, 2, 1, 2, 2, 2, 0]).shape
        torch.Size([2, 10])
    """
    return ChainSupernet(
        open_space("macro"),
        stem=ConvNorm(scale.input_channels, scale.stem, 3, activation=F.relu),
        layers=[_choices(shape) for shape in layer_shapes(scale)],
        head=ConvNorm(scale.widths[-1], scale.head, 1, activation=F.relu),
        classifier=(scale.head, scale.classes),
        generator=generator,
    )


def macro_network(
    code: int, scale: MacroScale, generator: torch.Generator, *, running: bool
) -> ChainNetwork:
    """Return one architecture, without blocks for the identities that do nothing."""
    space = open_space("macro")
    path = space.decode(space.canonical(code)).tolist()
    blocks = [
        _block(shape, option, running)
        for shape, option in zip(layer_shapes(scale), path, strict=True)
    ]
    last = conv_norm(scale.widths[-1], scale.head, 1, running)
    return ChainNetwork(
        stem=nn.Sequential(*conv_norm(scale.input_channels, scale.stem, 3, running), nn.ReLU()),
        blocks=[block for block in blocks if block is not None],
        head=nn.Sequential(*last, nn.ReLU()),
        classifier=(scale.head, scale.classes),
        generator=generator,
    )


def _choices(shape: LayerShape) -> ChoiceLayer:
    """Return a layer of the supernet with all its options."""
    return ChoiceLayer(
        [_choice(shape, option) for option in range(len(OPTIONS))],
        outputs=shape.outputs,
        stride=shape.stride,
        residual=shape.is_residual,
    )


def _choice(shape: LayerShape, option: int) -> nn.Module | None:
    if option in SHAPES:
        return supernet_bottleneck(shape, SHAPES[option], F.relu)
    if shape.is_residual:
        return None
    return ConvNorm(shape.inputs, shape.outputs, 1, shape.stride)


def _block(shape: LayerShape, option: int, running: bool) -> nn.Module | None:
    if option in SHAPES:
        return child_bottleneck(shape, SHAPES[option], running, nn.ReLU)
    if shape.is_residual:
        return None
    layers = conv_norm(shape.inputs, shape.outputs, 1, running, stride=shape.stride)
    return nn.Sequential(*layers)
