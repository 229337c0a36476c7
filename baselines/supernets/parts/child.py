"""The stand-alone network of one architecture: what trains on its own, and what proxies measure.

For proxies BatchNorm always uses the batch's statistics, as at a training step; for training alone
it also keeps running statistics. Layers are standard PyTorch modules, because proxies search for
them.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from benchmark.errors import InputError


class Convolution(nn.Conv2d):
    """A convolution whose weight is uninitialised until the network draws it.

    The weight is channels last in memory, which with such images halves the time of a pass.
    """

    def reset_parameters(self) -> None:
        """Draw nothing, and so leave PyTorch's global generator alone."""
        self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)


class Classifier(nn.Linear):
    """A linear layer that is uninitialised until the network draws its weights."""

    def reset_parameters(self) -> None:
        """Draw nothing, and so leave PyTorch's global generator alone."""


def norm(channels: int, running: bool) -> nn.BatchNorm2d:
    """Return a BatchNorm with weight and bias, and with running statistics if asked for."""
    return nn.BatchNorm2d(channels, track_running_stats=running)


def conv_norm(
    inputs: int, outputs: int, kernel: int, running: bool, *, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution that keeps the resolution or divides it by its stride, and BatchNorm."""
    convolution = Convolution(
        inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
    )
    return [convolution, norm(outputs, running)]


def inverted_bottleneck(
    inputs: int,
    outputs: int,
    running: bool,
    *,
    kernel: int,
    expansion: int,
    stride: int = 1,
    activation: Callable[[], nn.Module] = nn.ReLU,
    excitation: nn.Module | None = None,
) -> nn.Sequential:
    """Return the layers of an inverted bottleneck [MobileNetV2, arXiv 1801.04381, section 3.3].

    Without expansion (1) it has no first convolution; ``excitation`` comes before the last one.
    """
    hidden = inputs * expansion
    layers: list[nn.Module] = []
    if expansion != 1:
        layers += [*conv_norm(inputs, hidden, 1, running), activation()]
    layers += conv_norm(hidden, hidden, kernel, running, stride=stride, groups=hidden)
    layers.append(activation())
    if excitation is not None:
        layers.append(excitation)
    return nn.Sequential(*layers, *conv_norm(hidden, outputs, 1, running))


class ChildNetwork(nn.Module, ABC):
    """One architecture with weights drawn on the CPU by `draw_weights`."""

    # Whether BatchNorm comes last before pooling, so that the logits of a batch add up to the same
    # whatever its images.
    ends_normalised: ClassVar[bool] = False

    classifier: Classifier

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits [B, classes] of images [B, channels, H, W]."""
        return self.finish(self.features(images)[-1])

    @abstractmethod
    def features(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the stem and of every block, in order."""

    @abstractmethod
    def finish(self, maps: Tensor) -> Tensor:
        """Return the logits [B, classes] of the last of the `features`."""

    def training_logits(
        self, images: Tensor, drop_path: float, generator: torch.Generator
    ) -> tuple[Tensor, ...]:
        """Return the logits [B, classes] of a training pass, and those of an auxiliary head if any.

        ``drop_path`` is the probability from 0 to below 1 that an image skips an edge, drawn by the
        generator on the CPU.

        Raises:
            InputError: This space's networks have no edges to drop.
        """
        if drop_path:
            raise InputError(f"drop_path is {drop_path}: networks of this space need 0")
        return (self(images),)

    def add_auxiliary(self, generator: torch.Generator) -> None:
        """Add a second classifier for training, whose weights the generator draws on the CPU.

        Raises:
            InputError: This space's networks have none.
        """
        raise InputError("networks of this space have no auxiliary head: let its weight be 0")

    def weights(self) -> list[Tensor]:
        """Return the weights of every convolution and of the classifier, in order."""
        return [
            layer.weight for layer in self.modules() if isinstance(layer, Convolution | Classifier)
        ]

    @torch.no_grad()
    def draw_weights(self, generator: torch.Generator) -> None:
        """Draw weights He-normal over the fan-in, biases zero [He et al., arXiv 1502.01852, 2.2].

        So does AZ-NAS's program, for itself and the proxies it compares with.
        """
        for weight in self.weights():
            weight.normal_(0, math.sqrt(2 / weight[0].numel()), generator=generator)
        for layer in self.modules():
            if isinstance(layer, Convolution | Classifier) and layer.bias is not None:
                layer.bias.zero_()
