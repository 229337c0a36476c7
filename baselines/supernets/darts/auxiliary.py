"""The auxiliary head: a second classifier at two thirds of the depth, for training alone."""

import math

import torch
from torch import Tensor, nn

from baselines.supernets.parts.child import Classifier, Convolution, norm
from benchmark.errors import InputError

LEAST_RESOLUTION = 8  # height and width of the maps that it reads
_HIDDEN, _LAST = 128, 768  # channels


class AuxiliaryHead(nn.Module):
    """Pools maps [B, C, 8, 8] to 2×2 pixels and classifies them [quark0/darts, cnn/model.py].

    Larger maps give more pixels, over which features are averaged before the linear layer.
    """

    def __init__(
        self,
        inputs: int,
        classes: int,
        resolution: int,
        generator: torch.Generator,
        *,
        running: bool,
    ) -> None:
        super().__init__()
        if resolution < LEAST_RESOLUTION:
            raise InputError(
                f"the auxiliary head reads maps of {resolution}×{resolution} pixels, but needs "
                f"{LEAST_RESOLUTION} or more: train without it, or on larger images"
            )
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=3, count_include_pad=False),
            Convolution(inputs, _HIDDEN, 1, bias=False),
            norm(_HIDDEN, running),
            nn.ReLU(),
            Convolution(_HIDDEN, _LAST, 2, bias=False),
            norm(_LAST, running),
            nn.ReLU(),
        )
        self.classifier = Classifier(_LAST, classes)
        self._draw_weights(generator)

    def forward(self, maps: Tensor) -> Tensor:
        """Return logits [B, classes] of feature maps [B, C, H, W]."""
        logits: Tensor = self.classifier(self.layers(maps).mean((2, 3)))
        return logits

    @torch.no_grad()
    def _draw_weights(self, generator: torch.Generator) -> None:
        """Draw weights as `ChildNetwork.draw_weights` does."""
        for layer in self.modules():
            if isinstance(layer, Convolution | Classifier):
                deviation = math.sqrt(2 / layer.weight[0].numel())
                layer.weight.normal_(0, deviation, generator=generator)
        self.classifier.bias.zero_()
