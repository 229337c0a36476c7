"""The network written down a second time, plainly: functions of named weights, and no shortcuts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.parts.normalisation import ByGroup
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201 import decode

Weights = Mapping[str, Tensor]


def naive_logits(weights: Weights, images: Tensor, path: Sequence[int], cells: int) -> Tensor:
    """Return the logits [B, classes] of one architecture.

    ``none`` gives a map of zeros, which later operations treat like any other.
    """
    x = F.conv2d(images, weights["stem"], padding=1)
    x = _norm(x, weights, "stem_norm")
    block = 0
    for stage in range(3):
        if stage:
            x = _residual(x, weights, f"blocks.{block}")
            block += 1
        for _ in range(cells):
            x = _cell(x, weights, f"blocks.{block}", path)
            block += 1
    x = F.relu(_norm(x, weights, "last_norm"))
    pooled = x.flatten(2).sum(-1) / (x.shape[2] * x.shape[3])
    return pooled @ weights["classifier.weight"].T + weights["classifier.bias"]


def one_by_one(
    network: CellSupernet, codes: Codes, pixels: Tensor, normalise: ByGroup, *_: Any, **__: Any
) -> Iterator[tuple[slice, Tensor]]:
    """Do what `many_logits` does, one architecture after the other."""
    for place, path in enumerate(decode(codes).tolist()):
        yield slice(place, place + 1), network(pixels, path, normalise)[None]


def _cell(x: Tensor, weights: Weights, name: str, path: Sequence[int]) -> Tensor:
    def output(value: Tensor, edge: int) -> Tensor:
        return _operation(value, weights, f"{name}.edges.{edge}", path[edge])

    one = output(x, 0)
    two = output(x, 1) + output(one, 2)
    return output(x, 3) + output(one, 4) + output(two, 5)


def _operation(x: Tensor, weights: Weights, name: str, operation: int) -> Tensor:
    if operation == 0:
        return torch.zeros_like(x)
    if operation == 1:
        return x
    if operation == 2:
        return _norm(F.conv2d(F.relu(x), weights[f"{name}.nor_conv_1x1"]))
    if operation == 3:
        return _norm(F.conv2d(F.relu(x), weights[f"{name}.nor_conv_3x3"], padding=1))
    return _pool(x) / _pool(torch.ones_like(x))


def _pool(x: Tensor) -> Tensor:
    """Add each pixel's neighbourhood of 3×3, less what lies outside."""
    height, width = x.shape[2:]
    padded = F.pad(x, (1, 1, 1, 1))
    shifts = [
        padded[:, :, down : down + height, right : right + width]
        for down in range(3)
        for right in range(3)
    ]
    return torch.stack(shifts).sum(0)


def _residual(x: Tensor, weights: Weights, name: str) -> Tensor:
    out = F.conv2d(F.relu(x), weights[f"{name}.conv_a"], stride=2, padding=1)
    out = _norm(out, weights, f"{name}.norm_a")
    out = F.conv2d(F.relu(out), weights[f"{name}.conv_b"], padding=1)
    out = _norm(out, weights, f"{name}.norm_b")
    half = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    return out + F.conv2d(half, weights[f"{name}.shortcut"])


def _norm(x: Tensor, weights: Weights | None = None, name: str = "") -> Tensor:
    mean = x.mean((0, 2, 3), keepdim=True)
    variance = (x - mean).square().mean((0, 2, 3), keepdim=True)
    x = (x - mean) / (variance + 1e-5).sqrt()
    if weights is None:
        return x
    return x * weights[f"{name}.weight"][:, None, None] + weights[f"{name}.bias"][:, None, None]
