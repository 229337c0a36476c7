"""The supernet: NAS-Bench-Macro's network with every option in each of its eight layers."""

from collections.abc import Iterator
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.base import Supernet
from baselines.supernets.layers import ConvNorm, draw_weights
from baselines.supernets.macro.layer import MacroLayer
from baselines.supernets.mixture import Mixture, Path
from baselines.supernets.normalisation import Normalise
from benchmark.spaces.macro.layers import MacroScale, layer_shapes
from benchmark.spaces.registry import open_space


class MacroSupernet(Supernet):
    """The whole network with initial weights, drawn as PyTorch does by default, on the CPU.

    Example:
        >>> scale = MacroScale(stem=4, widths=(8, 16, 32), head=40, resolution=8)
        >>> network = MacroSupernet(scale, torch.Generator().manual_seed(0))
        >>> network(torch.zeros(2, 3, 8, 8), path=[2, 2, 2, 1, 2, 2, 2, 0]).shape
        torch.Size([2, 10])
    """

    def __init__(self, scale: MacroScale, generator: torch.Generator) -> None:
        super().__init__(open_space("macro"))
        self.stem = ConvNorm(scale.input_channels, scale.stem, 3)
        self.layers = nn.ModuleList(MacroLayer(shape) for shape in layer_shapes(scale))
        self.head = ConvNorm(scale.widths[-1], scale.head, 1)
        self.classifier = nn.utils.skip_init(nn.Linear, scale.head, scale.classes)
        draw_weights(self, self.classifier, generator)

    def all_layers(self) -> Iterator[MacroLayer]:
        """Yield the eight layers."""
        return (cast(MacroLayer, layer) for layer in self.layers)

    def logits(self, images: Tensor, path: Path | Mixture, normalise: Normalise) -> Tensor:
        """Return the logits [B, classes] of a path or mixture for images [B, channels, H, W]."""
        x = self.begin(images, normalise)
        for place, layer in enumerate(self.all_layers()):
            if isinstance(path, Mixture):
                x = layer.mixed(x, path.options[place], path.weights[place], normalise)
            else:
                x = layer(x, path[place], normalise)
        return self.finish(x, normalise)

    def begin(self, images: Tensor, normalise: Normalise) -> Tensor:
        """Turn images [B, channels, H, W] into the first layer's input."""
        return F.relu(self.stem(images, normalise))

    def finish(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Turn the last layer's output [B, C, H, W] into logits [B, classes]."""
        logits: Tensor = self.classifier(F.relu(self.head(x, normalise)).mean((2, 3)))
        return logits

    def decision_weights(self, decision: int) -> list[nn.Parameter]:
        """Return the weights of all options of one layer."""
        return list(self.layers[decision].parameters())

    def common_weights(self) -> list[nn.Parameter]:
        """Return nothing: all weights between stem and head are those of a layer's options."""
        return []
