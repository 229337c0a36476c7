"""The stand-alone network of one architecture [NAS-Bench-201, arXiv 2001.00326, section 2.1].

Unlike in the supernet, BatchNorm of the candidate operations has weight and bias. For proxies it
always uses the batch's statistics, as at a training step; for training alone it also keeps running
statistics. Layers are standard PyTorch modules, because proxies search for them.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmark.spaces.nb201 import EDGES, OPERATIONS, decode
from benchmark.spaces.nb201.complexity import STAGES, NetworkScale


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


class ChildCell(nn.Module):
    """A cell of four nodes; each is the sum of its incoming edges.

    ``running`` says whether BatchNorm keeps running statistics.
    """

    def __init__(self, operations: Sequence[int], channels: int, running: bool) -> None:
        super().__init__()
        layers = [_operation(OPERATIONS[operation], channels, running) for operation in operations]
        self.edges = nn.ModuleDict(
            {str(edge): layer for edge, layer in enumerate(layers) if layer is not None}
        )

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]; a disconnected cell returns zeros."""
        nodes: list[Tensor | None] = [x, None, None, None]
        for edge, (source, target) in enumerate(EDGES):
            value, present = nodes[source], nodes[target]
            if value is None or str(edge) not in self.edges:
                continue
            added = self.edges[str(edge)](value)
            nodes[target] = added if present is None else present + added
        output = nodes[-1]
        return torch.zeros_like(x) if output is None else output


class ChildResidualBlock(nn.Module):
    """The block of stride 2 between two stages, from C to 2C channels, its shortcut pooled."""

    def __init__(self, channels: int, running: bool) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *_relu_conv_norm(channels, 2 * channels, 3, running, stride=2),
            *_relu_conv_norm(2 * channels, 2 * channels, 3, running),
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2), Convolution(channels, 2 * channels, 1, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Pass feature maps [B, C, H, W]; the output is [B, 2C, H/2, W/2]."""
        out: Tensor = self.main(x) + self.shortcut(x)
        return out


class Network(nn.Module):
    """One architecture with freshly initialised weights, drawn on the CPU.

    With ``running``, BatchNorm keeps running statistics, for evaluation after training.

    Weights are He-normal over the fan-in, biases zero [He et al., arXiv 1502.01852, section 2.2],
    as in AZ-NAS's program for itself and the proxies it compares with.
    """

    def __init__(
        self, code: int, scale: NetworkScale, generator: torch.Generator, *, running: bool = False
    ) -> None:
        super().__init__()
        operations = decode(code).tolist()
        self.stem = nn.Sequential(
            Convolution(scale.input_channels, scale.channels, 3, padding=1, bias=False),
            _norm(scale.channels, running),
        )
        self.blocks = nn.ModuleList()
        for stage in range(STAGES):
            channels, _ = scale.stages[stage]
            if stage:
                self.blocks.append(ChildResidualBlock(channels // 2, running))
            self.blocks.extend(ChildCell(operations, channels, running) for _ in range(scale.cells))
        self.last = nn.Sequential(_norm(channels, running), nn.ReLU())
        self.classifier = Classifier(channels, scale.classes)
        self._draw_weights(generator)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits [B, classes] of images [B, channels, H, W]."""
        logits: Tensor = self.classifier(self.last(self.features(images)[-1]).mean((2, 3)))
        return logits

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the stem, every cell and every residual block, in order."""
        maps = [self.stem(images)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return maps

    def weights(self) -> list[Tensor]:
        """Return the weights of every convolution and of the classifier, in order."""
        return [
            layer.weight for layer in self.modules() if isinstance(layer, Convolution | Classifier)
        ]

    @torch.no_grad()
    def _draw_weights(self, generator: torch.Generator) -> None:
        for weight in self.weights():
            weight.normal_(0, math.sqrt(2 / weight[0].numel()), generator=generator)
        self.classifier.bias.zero_()


def _operation(name: str, channels: int, running: bool) -> nn.Module | None:
    """Return the layers of a candidate operation, None for ``none``."""
    match name:
        case "none":
            return None
        case "skip_connect":
            return nn.Identity()
        case "avg_pool_3x3":
            return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        case "nor_conv_1x1":
            return nn.Sequential(*_relu_conv_norm(channels, channels, 1, running))
        case _:
            return nn.Sequential(*_relu_conv_norm(channels, channels, 3, running))


def _relu_conv_norm(
    inputs: int, outputs: int, kernel: int, running: bool, stride: int = 1
) -> list[nn.Module]:
    padding = kernel // 2
    convolution = Convolution(inputs, outputs, kernel, stride, padding, bias=False)
    return [nn.ReLU(), convolution, _norm(outputs, running)]


def _norm(channels: int, running: bool) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, track_running_stats=running)
