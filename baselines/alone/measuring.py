"""Measuring a trained network on images that it was not trained on."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.reference.network import Network
from benchmark.errors import DivergedError
from benchmark.images import Images

BATCH = 500  # images passed at a time; another number may round differently


class Measured(NamedTuple):
    """What a network reaches on some images.

    Attributes:
        accuracy: In percent.
        loss: Mean cross-entropy in nats.
    """

    accuracy: float
    loss: float


@torch.inference_mode()
def measured(network: Network, images: Images, *, mirrored: bool) -> Measured:
    """Measure a network; it is in evaluation mode afterwards.

    Args:
        network: What to measure.
        images: What to measure it on.
        mirrored: Whether to take the mean of an image's logits and its mirror image's.

    Raises:
        DivergedError: A logit is not finite.
    """
    network.eval()
    right, loss = 0, torch.zeros((), dtype=torch.float64)
    for pixels, labels in _batches(images):
        logits = network(pixels)
        if mirrored:
            logits = (logits + network(pixels.flip(-1))) / 2
        right = right + (logits.argmax(1) == labels).sum()
        loss = loss + F.cross_entropy(logits, labels, reduction="none").double().sum().cpu()
    total = float(loss)
    if not abs(total) < float("inf"):  # NaN compares with nothing
        raise DivergedError("the trained network's logits are not finite: lower the learning rate")
    return Measured(100 * int(right) / len(images), total / len(images))


@torch.no_grad()
def renormalise(network: Network, images: Images) -> None:
    """Set BatchNorm's running statistics to the mean of those of batches of images."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # PyTorch's word for the plain mean
    network.train()
    for pixels, _ in _batches(images):
        network(pixels)
    network.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _batches(images: Images) -> list[tuple[Tensor, Tensor]]:
    pairs = zip(images.pixels.split(BATCH), images.labels.split(BATCH), strict=True)
    return [
        (images.normalise(pixels).contiguous(memory_format=torch.channels_last), labels)
        for pixels, labels in pairs
    ]
