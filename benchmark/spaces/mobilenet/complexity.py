"""Parameters and multiply-adds of architectures, see `benchmark.spaces.chain.costs`."""

from numpy import int64
from numpy.typing import NDArray

from benchmark.spaces.base import Choices
from benchmark.spaces.chain.costs import Cost, classifier, convolution, total_costs
from benchmark.spaces.chain.stages import LayerShape
from benchmark.spaces.mobilenet.layers import (
    FIRST,
    SHAPES,
    MobileNetScale,
    first_shape,
    layer_shapes,
)


def parameters(choices: Choices, scale: MobileNetScale) -> NDArray[int64]:
    """Return the number of trainable parameters [...] of choices [..., 21]."""
    options = [[cost.parameters for cost in _options(layer)] for layer in layer_shapes(scale)]
    return total_costs(choices, options, _fixed(scale).parameters)


def multiply_adds(choices: Choices, scale: MobileNetScale) -> NDArray[int64]:
    """Return the multiply-adds [...] of a forward pass of one image."""
    options = [[cost.multiply_adds for cost in _options(layer)] for layer in layer_shapes(scale)]
    return total_costs(choices, options, _fixed(scale).multiply_adds)


def _fixed(scale: MobileNetScale) -> Cost:
    """Return the cost of what all architectures have."""
    first, last = first_shape(scale), layer_shapes(scale)[-1]
    head = scale.channels(scale.head)
    stem = convolution(3, scale.input_channels, first.inputs, first.before)
    mixing = convolution(1, last.outputs, head, last.after)
    return stem + first.bottleneck(FIRST) + mixing + classifier(head, scale.classes)


def _options(layer: LayerShape) -> list[Cost]:
    """Return the cost of each option of a layer; skipping it is free."""
    return [*map(layer.bottleneck, SHAPES), Cost()]
