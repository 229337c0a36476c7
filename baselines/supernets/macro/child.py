"""The stand-alone network of one architecture [NAS-Bench-Macro, arXiv 2103.11922, section 5]."""

import torch
from torch import Tensor, nn

from baselines.supernets.child import (
    ChildNetwork,
    Classifier,
    conv_norm,
    inverted_bottleneck,
)
from benchmark.spaces.macro.layers import SHAPES, LayerShape, MacroScale, layer_shapes
from benchmark.spaces.registry import open_space


class MacroChildLayer(nn.Module):
    """A layer that is not a plain identity; its residual connection adds its input."""

    def __init__(self, shape: LayerShape, option: int, running: bool) -> None:
        super().__init__()
        self.is_residual = option in SHAPES and shape.is_residual
        if option in SHAPES:
            self.main = inverted_bottleneck(
                shape.inputs,
                shape.outputs,
                running,
                kernel=SHAPES[option].kernel,
                expansion=SHAPES[option].expansion,
                stride=shape.stride,
            )
        else:
            self.main = nn.Sequential(
                *conv_norm(shape.inputs, shape.outputs, 1, running, stride=shape.stride)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]."""
        out: Tensor = self.main(x)
        return x + out if self.is_residual else out


class MacroNetwork(ChildNetwork):
    """One architecture of NAS-Bench-Macro, without layers for the identities that do nothing."""

    def __init__(
        self, code: int, scale: MacroScale, generator: torch.Generator, *, running: bool = False
    ) -> None:
        super().__init__()
        space = open_space("macro")
        path = space.decode(space.canonical(code)).tolist()
        self.stem = nn.Sequential(
            *conv_norm(scale.input_channels, scale.stem, 3, running), nn.ReLU()
        )
        self.blocks = nn.ModuleList(
            MacroChildLayer(shape, option, running)
            for shape, option in zip(layer_shapes(scale), path, strict=True)
            if option in SHAPES or not shape.place
        )
        self.head = nn.Sequential(*conv_norm(scale.widths[-1], scale.head, 1, running), nn.ReLU())
        self.classifier = Classifier(scale.head, scale.classes)
        self.draw_weights(generator)

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the stem and of every layer, in order."""
        maps = [self.stem(images)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return maps

    def finish(self, maps: Tensor) -> Tensor:
        """Return the logits [B, classes] of the last feature maps."""
        logits: Tensor = self.classifier(self.head(maps).mean((2, 3)))
        return logits
