"""The stand-alone network of a chain: stem, blocks, head and classifier."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from baselines.supernets.parts.child import ChildNetwork, Classifier


class Residual(nn.Module):
    """Layers whose input is added to their output."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]."""
        out: Tensor = x + self.layers(x)
        return out


class ChainNetwork(ChildNetwork):
    """A chain of blocks; after the head come global average pooling and a linear layer."""

    def __init__(
        self,
        *,
        stem: nn.Module,
        blocks: Iterable[nn.Module],
        head: nn.Module,
        classifier: tuple[int, int],  # its inputs and outputs
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.stem = stem
        self.blocks = nn.ModuleList(blocks)
        self.head = head
        self.classifier = Classifier(*classifier)
        self.draw_weights(generator)

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the stem and of every block, in order."""
        maps = [self.stem(images)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return maps

    def finish(self, maps: Tensor) -> Tensor:
        """Return the logits [B, classes] of the last feature maps."""
        logits: Tensor = self.classifier(self.head(maps).mean((2, 3)))
        return logits
