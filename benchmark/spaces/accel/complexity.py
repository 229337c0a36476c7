"""Parameters and multiply-adds of architectures, see `benchmark.spaces.chain.costs`.

The benchmark's file counts more multiply-adds: besides those of convolutions and of the linear
layer four for each value that is normalised, and for each mean one and those of its values.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmark.spaces.accel.layers import (
    KINDS,
    NUMBERS,
    STAGES,
    AccelScale,
    layer_shapes,
    stage_layers,
)
from benchmark.spaces.base import Choices
from benchmark.spaces.chain.costs import Cost, classifier, convolution


def parameters(choices: Choices, scale: AccelScale) -> NDArray[np.int64]:
    """Return the number of trainable parameters [...] of choices [..., 28]."""
    stages = [[cost.parameters for cost in costs] for costs in _stages(scale)]
    return _total(choices, stages, _fixed(scale).parameters)


def multiply_adds(choices: Choices, scale: AccelScale) -> NDArray[np.int64]:
    """Return the multiply-adds [...] of a forward pass of one image."""
    stages = [[cost.multiply_adds for cost in costs] for costs in _stages(scale)]
    return _total(choices, stages, _fixed(scale).multiply_adds)


def _fixed(scale: AccelScale) -> Cost:
    """Return the cost of what all architectures have."""
    first, last = layer_shapes(scale)[0], layer_shapes(scale)[-1]
    stem = convolution(3, scale.input_channels, scale.stem, first.before)
    mixing = convolution(1, last.outputs, scale.head, last.after)
    return stem + mixing + classifier(scale.head, scale.classes)


def _stages(scale: AccelScale) -> list[list[Cost]]:
    """Return for each stage the costs of its layers with each combination of its options."""
    return [
        [
            sum(
                (
                    one.layer.bottleneck(one.shape, squeezed=one.squeezed)
                    for one in stage_layers(stage, chosen, scale)
                ),
                start=Cost(),
            )
            for chosen in product(*map(range, _sizes(stage)))
        ]
        for stage in STAGES
    ]


def _sizes(stage: int) -> list[int]:
    """Return how many options each decision of a stage has."""
    return [len(options) for options in NUMBERS[stage * len(KINDS) :][: len(KINDS)]]


def _total(choices: Choices, stages: Sequence[Sequence[int]], fixed: int) -> NDArray[np.int64]:
    """Add up the costs of the stages [...], and that of the rest."""
    total = np.full(choices.shape[:-1], fixed, np.int64)
    for stage, costs in enumerate(stages):
        table = np.array(costs, np.int64).reshape(_sizes(stage))
        chosen = choices[..., stage * len(KINDS) :][..., : len(KINDS)]
        total += table[tuple(np.moveaxis(chosen, -1, 0))]
    return total
