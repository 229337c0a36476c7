"""Inverted bottlenecks as layers of a chain."""

from collections.abc import Callable

from torch import nn

from baselines.supernets.chain.child import Residual
from baselines.supernets.parts.child import inverted_bottleneck
from baselines.supernets.parts.layers import Activation, InvertedBottleneck
from benchmark.spaces.chain.stages import BottleneckShape, LayerShape


def supernet_bottleneck(
    layer: LayerShape, shape: BottleneckShape, activation: Activation
) -> InvertedBottleneck:
    """Return a supernet's bottleneck, to which a `ChoiceLayer` adds the residual."""
    return InvertedBottleneck(
        layer.inputs,
        layer.outputs,
        kernel=shape.kernel,
        expansion=shape.expansion,
        stride=layer.stride,
        activation=activation,
    )


def child_bottleneck(
    layer: LayerShape,
    shape: BottleneckShape,
    running: bool,
    activation: Callable[[], nn.Module],
    excitation: nn.Module | None = None,
) -> nn.Module:
    """Return a stand-alone network's bottleneck, with its residual where shapes allow it."""
    layers = inverted_bottleneck(
        layer.inputs,
        layer.outputs,
        running,
        kernel=shape.kernel,
        expansion=shape.expansion,
        stride=layer.stride,
        activation=activation,
        excitation=excitation,
    )
    return Residual(layers) if layer.is_residual else layers
