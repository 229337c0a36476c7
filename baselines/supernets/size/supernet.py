"""The supernet of widths: a layer of a smaller width uses the first channels of the widest weights.

So all widths share weights, as in slimmable networks [Yu et al. 2019, arXiv 1812.08928].
"""

from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.base import Supernet
from baselines.supernets.parts.layers import ScaleShift, convolution_weight, draw_weights
from baselines.supernets.parts.mixture import Mixture, Path
from baselines.supernets.parts.normalisation import Normalise
from benchmark.spaces.registry import open_space
from benchmark.spaces.size.space import LAYERS, REDUCING, SizeScale


class SlicedConvolution(nn.Module):
    """A convolution and BatchNorm, of whose channels the first ones are used."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = convolution_weight(inputs, outputs, kernel)
        self.norm = ScaleShift(outputs)
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor, outputs: int, normalise: Normalise) -> Tensor:
        """Turn maps [B, C, H, W] of any number of channels into ``outputs`` channels."""
        weight = self.weight[:outputs, : x.shape[1]]
        maps = F.conv2d(x, weight, stride=self.stride, padding=self.kernel // 2)
        return normalise(maps, self.norm.weight[:outputs], self.norm.bias[:outputs])


class SlicedCell(nn.Module):
    """The cell whose edges are 3×3 convolutions, but for a skip from its input to its output."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(SlicedConvolution(width, width, 3) for _ in range(5))
        self.skip = SlicedConvolution(width, width, 1)  # used where the width changes

    def forward(self, x: Tensor, outputs: int, normalise: Normalise) -> Tensor:
        """Turn maps [B, C, H, W] into ``outputs`` channels."""

        def convolved(place: int, maps: Tensor) -> Tensor:
            found: Tensor = self.convolutions[place](F.relu(maps), outputs, normalise)
            return found

        one = convolved(0, x)
        two = convolved(1, x) + convolved(2, one)
        kept = x if x.shape[1] == outputs else self.skip(x, outputs, normalise)
        return kept + convolved(3, one) + convolved(4, two)


class SlicedBlock(nn.Module):
    """The residual block of stride 2."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = SlicedConvolution(width, width, 3, stride=2)
        self.second = SlicedConvolution(width, width, 3)
        self.shortcut = convolution_weight(width, width, 1)

    def forward(self, x: Tensor, outputs: int, normalise: Normalise) -> Tensor:
        """Turn maps [B, C, H, W] into [B, outputs, H/2, W/2]."""
        maps = self.first(F.relu(x), outputs, normalise)
        maps = self.second(F.relu(maps), outputs, normalise)
        pooled = F.avg_pool2d(x, 2)
        return cast(Tensor, maps + F.conv2d(pooled, self.shortcut[:outputs, : x.shape[1]]))


class SizeSupernet(Supernet):
    """The widest network, of whose weights narrower ones use slices."""

    def __init__(self, scale: SizeScale, generator: torch.Generator) -> None:
        super().__init__(open_space("size"))
        self.widths, widest = scale.widths, scale.widths[-1]
        self.stem = SlicedConvolution(scale.input_channels, widest, 3)
        self.layers = nn.ModuleList(
            SlicedBlock(widest) if layer in REDUCING else SlicedCell(widest)
            for layer in range(LAYERS)
        )
        self.last_norm = ScaleShift(widest)
        self.classifier = nn.utils.skip_init(nn.Linear, widest, scale.classes)
        draw_weights(self, self.classifier, generator)

    def logits(self, images: Tensor, path: Path | Mixture, normalise: Normalise) -> Tensor:
        """Return the logits [B, classes] of a path or mixture for images [B, channels, H, W]."""
        first = max(path.options[0]) if isinstance(path, Mixture) else path[0]
        x = self.stem(images, self.widths[first], normalise)
        for place, layer in enumerate(self.layers):
            if isinstance(path, Mixture):
                widths = [self.widths[option] for option in path.options[place]]
                outputs = [layer(x, width, normalise) for width in widths]
                x = _weighted(outputs, path.weights[place], max(widths))
            else:
                x = layer(x, self.widths[path[place]], normalise)
        norm, width = self.last_norm, x.shape[1]
        pooled = F.relu(normalise(x, norm.weight[:width], norm.bias[:width])).mean((2, 3))
        return F.linear(pooled, self.classifier.weight[:, :width], self.classifier.bias)

    def decision_weights(self, decision: int) -> list[nn.Parameter]:
        """Return the weights of one layer, of which its widths use slices."""
        return list(self.layers[decision].parameters())

    def common_weights(self) -> list[nn.Parameter]:
        """Return no weights: between the layers there are none."""
        return []


def _weighted(outputs: list[Tensor], weights: Tensor, width: int) -> Tensor:
    """Return the weighted sum of maps, narrower ones filled up with zeros."""
    total = outputs[0].new_zeros(())
    for maps, weight in zip(outputs, weights.unbind(), strict=True):
        total = total + weight * F.pad(maps, (0, 0, 0, 0, 0, width - maps.shape[1]))
    return total
