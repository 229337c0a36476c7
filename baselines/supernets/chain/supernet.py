"""The supernet of a chain: stem, a layer for each decision, head and classifier."""

from collections.abc import Iterable, Iterator
from typing import cast

import torch
from torch import Tensor, nn

from baselines.supernets.base import Supernet
from baselines.supernets.chain.layer import ChoiceLayer
from baselines.supernets.chain.prefixes import chunk_sizes, many_logits
from baselines.supernets.parts.layers import draw_weights
from baselines.supernets.parts.mixture import Mixture, Path
from baselines.supernets.parts.normalisation import ByGroup, Normalise
from benchmark.spaces.base import Codes, Space


class ChainSupernet(Supernet):
    """A chain of layers with weights that are drawn as PyTorch does by default, on the CPU.

    ``stem`` and ``head`` turn feature maps into others, given how to normalise them. After the head
    come global average pooling and a linear layer.
    """

    def __init__(
        self,
        space: Space,
        *,
        stem: nn.Module,
        layers: Iterable[ChoiceLayer],
        head: nn.Module,
        classifier: tuple[int, int],  # its inputs and outputs
        generator: torch.Generator,
    ) -> None:
        super().__init__(space)
        self.stem = stem
        self.layers = nn.ModuleList(layers)
        self.head = head
        self.classifier = nn.utils.skip_init(nn.Linear, *classifier)
        draw_weights(self, self.classifier, generator)

    def logits(self, images: Tensor, path: Path | Mixture, normalise: Normalise) -> Tensor:
        """Return the logits [B, classes] of a path or mixture for images [B, channels, H, W]."""
        x = self.stem(images, normalise)
        for place, layer in enumerate(self.choice_layers()):
            if isinstance(path, Mixture):
                x = layer.mixed(x, path.options[place], path.weights[place], normalise)
            else:
                x = layer(x, path[place], normalise)
        return self.finish(x, normalise)

    def decision_weights(self, decision: int) -> list[nn.Parameter]:
        """Return the weights of all options of one layer."""
        return list(self.layers[decision].parameters())

    def common_weights(self) -> list[nn.Parameter]:
        """Return no weights: between the layers of the decisions there are none."""
        return []

    def many_logits(
        self, codes: Codes, pixels: Tensor, normalise: ByGroup, parts: int, memory: int
    ) -> Iterator[tuple[slice, Tensor]]:
        """Yield the logits of many architectures, what they share computed once."""
        x = self.stem(pixels, normalise)
        layers = list(self.choice_layers())
        most = chunk_sizes(x, layers, self.classifier.in_features, parts, memory)
        paths = self.space.decode(codes)
        return many_logits(x, layers, self.finish, paths, normalise, most)

    def finish(self, x: Tensor, normalise: Normalise) -> Tensor:
        """Turn the last layer's output [B, C, H, W] into logits [B, classes]."""
        logits: Tensor = self.classifier(self.head(x, normalise).mean((2, 3)))
        return logits

    def choice_layers(self) -> Iterator[ChoiceLayer]:
        """Yield the layers of the decisions, in order."""
        return (cast(ChoiceLayer, layer) for layer in self.layers)
