"""The supernet and the stand-alone networks [ProxylessNAS, arXiv 1812.00332, section 4.2].

Activations are ReLU6. In the supernet each option has weights of its own, BatchNorm's scale and
shift among them; a skipped layer has none, and passes its input on.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn

from baselines.supernets.chain.bottlenecks import child_bottleneck, supernet_bottleneck
from baselines.supernets.chain.child import ChainNetwork
from baselines.supernets.chain.layer import ChoiceLayer
from baselines.supernets.chain.supernet import ChainSupernet
from baselines.supernets.parts.child import conv_norm
from baselines.supernets.parts.layers import ConvNorm, InTurn
from benchmark.spaces.chain.stages import LayerShape
from benchmark.spaces.mobilenet.layers import (
    FIRST,
    SHAPES,
    ZERO,
    MobileNetScale,
    first_shape,
    layer_shapes,
)
from benchmark.spaces.registry import open_space


def mobilenet_supernet(scale: MobileNetScale, generator: torch.Generator) -> ChainSupernet:
    """Return the whole network with initial weights, on the CPU.

    Example:
        >>> scale = MobileNetScale(resolution=16, width_percent=25)
        >>> network = mobilenet_supernet(scale, torch.Generator().manual_seed(0))
        >>> network(torch.zeros(2, 3, 16, 16), path=[0, 6, 6, 6] * 5 + [5]).shape
        torch.Size([2, 10])
    """
    first, layers = first_shape(scale), layer_shapes(scale)
    head = scale.channels(scale.head)
    return ChainSupernet(
        open_space("mobilenet"),
        stem=InTurn(
            ConvNorm(scale.input_channels, first.inputs, 3, scale.stem_stride, activation=F.relu6),
            supernet_bottleneck(first, FIRST, F.relu6),
        ),
        layers=map(_choices, layers),
        head=ConvNorm(layers[-1].outputs, head, 1, activation=F.relu6),
        classifier=(head, scale.classes),
        generator=generator,
    )


def mobilenet_network(
    code: int, scale: MobileNetScale, generator: torch.Generator, *, running: bool
) -> ChainNetwork:
    """Return one architecture, without blocks for the layers that it skips."""
    space = open_space("mobilenet")
    path = space.decode(space.canonical(code)).tolist()
    first, layers = first_shape(scale), layer_shapes(scale)
    chosen = [
        (layer, SHAPES[option])
        for layer, option in zip(layers, path, strict=True)
        if option != ZERO
    ]
    stem = conv_norm(scale.input_channels, first.inputs, 3, running, stride=scale.stem_stride)
    head = scale.channels(scale.head)
    return ChainNetwork(
        stem=nn.Sequential(*stem, nn.ReLU6()),
        blocks=[
            child_bottleneck(layer, shape, running, nn.ReLU6)
            for layer, shape in [(first, FIRST), *chosen]
        ],
        head=nn.Sequential(*conv_norm(layers[-1].outputs, head, 1, running), nn.ReLU6()),
        classifier=(head, scale.classes),
        generator=generator,
    )


def _choices(layer: LayerShape) -> ChoiceLayer:
    """Return a layer of the supernet with all its options."""
    bottlenecks = [supernet_bottleneck(layer, shape, F.relu6) for shape in SHAPES]
    return ChoiceLayer(
        [*bottlenecks, None] if layer.place else bottlenecks,
        outputs=layer.outputs,
        stride=layer.stride,
        residual=layer.is_residual,
    )
