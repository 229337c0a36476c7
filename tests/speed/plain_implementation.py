"""A plain implementation like those of the published programs, to compare ours with.

A supernet of standard modules in NCHW format that computes every edge of a path, dead or not;
architectures scored one by one; gradients stored as one vector for each edge, operation and batch;
images loaded one by one on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.parts.mixture import Path
from benchmark.spaces.nb201 import EDGES, OPERATIONS
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.tasks.sections import TrainingSettings


class Norm(nn.BatchNorm2d):
    """BatchNorm that always uses the statistics of the batch, or of its first images."""

    counted: int | None = None

    def __init__(self, channels: int, *, affine: bool = True) -> None:
        super().__init__(channels, affine=affine, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.counted is None:
            return super().forward(x)
        images = x[: self.counted]
        mean, variance = images.mean((0, 2, 3)), images.var((0, 2, 3), unbiased=False)
        return F.batch_norm(x, mean, variance, self.weight, self.bias, eps=self.eps)


class Zero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul(0.0)


class PlainCell(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(nn.ModuleList(_operations(channels)) for _ in EDGES)

    def forward(self, x: Tensor, path: Path) -> Tensor:
        nodes = [x]
        for target in range(1, 4):
            brought = [
                cast(nn.ModuleList, self.edges[edge])[path[edge]](nodes[source])
                for edge, (source, end) in enumerate(EDGES)
                if end == target
            ]
            nodes.append(sum(brought[1:], start=brought[0]))
        return nodes[-1]


class PlainBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a = _relu_conv_norm(channels, 2 * channels, 3, stride=2, affine=True)
        self.b = _relu_conv_norm(2 * channels, 2 * channels, 3, stride=1, affine=True)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(channels, 2 * channels, 1, bias=False)
        )

    def forward(self, x: Tensor, path: Path) -> Tensor:
        shortcut: Tensor = self.shortcut(x)
        main: Tensor = self.b(self.a(x))
        return shortcut + main


class PlainSupernet(nn.Module):
    """The supernet of standard modules.

    Args:
        scale: Channels, cells, resolution and classes.
    """

    def __init__(self, scale: NetworkScale) -> None:
        super().__init__()
        c = scale.channels
        self.stem = nn.Sequential(
            nn.Conv2d(scale.input_channels, c, 3, padding=1, bias=False), Norm(c)
        )
        blocks: list[nn.Module] = []
        for stage, (channels, _) in enumerate(scale.stages):
            if stage:
                blocks.append(PlainBlock(channels // 2))
            blocks.extend(PlainCell(channels) for _ in range(scale.cells))
        self.blocks = nn.ModuleList(blocks)
        outputs = scale.stages[-1][0]
        self.last = nn.Sequential(Norm(outputs), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(outputs, scale.classes)

    def forward(self, images: Tensor, path: Path) -> Tensor:
        """Return the logits [B, classes] of one path for images [B, channels, H, W]."""
        x = self.stem(images)
        for block in self.blocks:
            x = block(x, path)
        logits: Tensor = self.classifier(self.last(x))
        return logits

    def cells(self) -> list[PlainCell]:
        return [block for block in self.blocks if isinstance(block, PlainCell)]

    def take_weights(self, network: CellSupernet) -> PlainSupernet:
        """Copy the weights of our supernet, contiguous in memory, and return this network."""
        state = {name: weight.detach().contiguous() for name, weight in network.named_parameters()}
        for name in list(state):
            state[_plain_name(name)] = state.pop(name)
        self.load_state_dict(state)
        return self

    def count_for_norms(self, counted: int | None) -> None:
        """Let BatchNorm use the statistics of a batch's first images; None for all."""
        for module in self.modules():
            if isinstance(module, Norm):
                module.counted = counted


def _plain_name(name: str) -> str:
    """Return the name in this network of a weight of ours."""
    pairs = {
        "nor_conv_1x1": "2.1.weight",
        "nor_conv_3x3": "3.1.weight",
        "stem_norm.": "stem.1.",
        "last_norm.": "last.0.",
        "conv_a": "a.1.weight",
        "norm_a.": "a.2.",
        "conv_b": "b.1.weight",
        "norm_b.": "b.2.",
        "shortcut": "shortcut.1.weight",
    }
    if name == "stem":
        return "stem.0.weight"
    for ours, plain in pairs.items():
        name = name.replace(ours, plain)
    return name


def _relu_conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, affine: bool = False
) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), convolution, Norm(outputs, affine=affine))


def _operations(channels: int) -> Iterator[nn.Module]:
    """Yield the candidates of an edge in the order of `OPERATIONS`."""
    yield Zero()
    yield nn.Identity()
    yield _relu_conv_norm(channels, channels, 1)
    yield _relu_conv_norm(channels, channels, 3)
    yield nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


def plain_logits(network: PlainSupernet, paths: Sequence[Path], pixels: Tensor) -> Tensor:
    """Return the logits [n, B, classes] of n paths, one pass for each."""
    with torch.no_grad():
        return torch.stack([network(pixels, path) for path in paths])


def plain_optimiser(network: nn.Module, settings: TrainingSettings) -> torch.optim.SGD:
    return torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=True,
    )


def plain_step(
    network: PlainSupernet,
    optimiser: torch.optim.Optimizer,
    batch: tuple[Tensor, Tensor],
    path: Path,
    gradient_norm: float,
) -> float:
    """Train one path on one batch and return the loss, as the published programs do."""
    pixels, labels = batch
    optimiser.zero_grad()
    loss = F.cross_entropy(network(pixels, path), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), gradient_norm)
    optimiser.step()
    return loss.item()


class OneByOne(Dataset[tuple[Tensor, int]]):
    """Images that are padded, cropped, flipped and normalised one by one on the CPU.

    Args:
        pixels: uint8 [n, H, W, channels].
        labels: [n].
        padding: Border in pixels.
    """

    def __init__(self, pixels: NDArray[np.uint8], labels: NDArray[np.int64], padding: int) -> None:
        self._pixels, self._labels, self._padding = pixels, labels, padding

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        image, border = self._pixels[place], self._padding
        height, width = image.shape[:2]
        down, right = torch.randint(2 * border + 1, (2,)).tolist()
        padded = np.pad(image, ((border, border), (border, border), (0, 0)))
        crop = padded[down : down + height, right : right + width]
        if torch.rand(()) < 0.5:
            crop = crop[:, ::-1]
        scaled = torch.from_numpy(crop.copy()).permute(2, 0, 1).float().div(255)
        return (scaled - 0.5) / 0.25, int(self._labels[place])


def plain_distances(
    network: PlainSupernet,
    decisions: Sequence[tuple[int, ...]],
    batches: Sequence[tuple[Tensor, Tensor]],
    base_paths: Sequence[Path],
) -> dict[tuple[int, ...], NDArray[np.float64]]:
    """Return the distances between the operations of edges, one alone, from a vector for each.

    The edge's own weights are left out; gradients of unused weights are zero.
    """
    found: dict[tuple[int, ...], NDArray[np.float64]] = {}
    for (edge,) in decisions:
        total = np.zeros((len(OPERATIONS), len(OPERATIONS)))
        for (pixels, labels), base in zip(batches, base_paths, strict=True):
            vectors = []
            for operation in range(len(OPERATIONS)):
                path = [*base[:edge], operation, *base[edge + 1 :]]
                network.zero_grad()
                F.cross_entropy(network(pixels, path), labels).backward()
                vectors.append(_shared_gradient(network, edge))
            for one, first in enumerate(vectors):
                for other, second in enumerate(vectors[:one]):
                    total[one, other] += _distance(first, second)
        found[(edge,)] = (total + total.T) / len(batches)
    return found


def _shared_gradient(network: PlainSupernet, edge: int) -> Tensor:
    parts = []
    for name, weight in network.blocks.named_parameters():
        if f".edges.{edge}." not in name:
            parts.append(torch.zeros_like(weight) if weight.grad is None else weight.grad)
    return torch.cat([part.flatten() for part in parts])


def _distance(one: Tensor, other: Tensor) -> float:
    sizes = one.norm() * other.norm()
    if sizes == 0:
        return float(bool(one.any()) != bool(other.any()))
    return max(0.0, 1 - float(one @ other / sizes))  # rounding
