"""Parameters and multiply-adds of architectures, as the file of NAS-Bench-Macro counts them.

The sums of residual connections, like biases, count no multiply-adds.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.spaces.base import Choices
from benchmark.spaces.chain.costs import Cost, classifier, convolution, total_costs
from benchmark.spaces.chain.stages import LayerShape
from benchmark.spaces.macro.layers import OPTIONS, SHAPES, MacroScale, layer_shapes


def parameters(choices: Choices, scale: MacroScale) -> NDArray[np.int64]:
    """Return the number of trainable parameters [...] of choices [..., 8]."""
    options = [[cost.parameters for cost in layer] for layer in _options(scale)]
    return total_costs(choices, options, _fixed(scale).parameters)


def multiply_adds(choices: Choices, scale: MacroScale) -> NDArray[np.int64]:
    """Return the multiply-adds [...] of a forward pass of one image."""
    options = [[cost.multiply_adds for cost in layer] for layer in _options(scale)]
    return total_costs(choices, options, _fixed(scale).multiply_adds)


def _fixed(scale: MacroScale) -> Cost:
    """Return the cost of what all architectures have."""
    stem = convolution(3, scale.input_channels, scale.stem, scale.resolution)
    last = convolution(1, scale.widths[-1], scale.head, layer_shapes(scale)[-1].after)
    return stem + last + classifier(scale.head, scale.classes)


def _options(scale: MacroScale) -> list[list[Cost]]:
    """Return the costs of the options of each layer."""
    options = range(len(OPTIONS))
    return [[_option(layer, option) for option in options] for layer in layer_shapes(scale)]


def _option(layer: LayerShape, option: int) -> Cost:
    if option in SHAPES:
        return layer.bottleneck(SHAPES[option])
    if layer.is_residual:
        return Cost()
    return convolution(1, layer.inputs, layer.outputs, layer.after)
