"""Evaluating a trained network, and recomputing its BatchNorm statistics."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.parts.child import ChildNetwork
from benchmark.errors import DivergedError
from benchmark.images import Images

BATCH = 500  # images passed at a time; another number may round differently


class AccuracyAndLoss(NamedTuple):
    """Accuracy in percent, and mean cross-entropy in nats."""

    accuracy: float
    loss: float


@torch.inference_mode()
def evaluate_network(network: ChildNetwork, images: Images, *, mirrored: bool) -> AccuracyAndLoss:
    """Evaluate a network on images, and leave it in evaluation mode.

    ``mirrored`` averages the logits of each image and its mirror image.

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
    if not math.isfinite(total := float(loss)):
        raise DivergedError(
            "training diverged: the trained network's logits are not finite, "
            "lower the learning rate"
        )
    return AccuracyAndLoss(100 * int(right) / len(images), total / len(images))


@torch.no_grad()
def recompute_batch_norm(network: ChildNetwork, images: Images) -> None:
    """Set BatchNorm's running statistics to their mean over batches of images."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # lets PyTorch take the plain mean
    network.train()
    for pixels, _ in _batches(images):
        network(pixels)
    network.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _batches(images: Images) -> Iterator[tuple[Tensor, Tensor]]:
    for part in images.batches(BATCH):
        yield part.normalised().contiguous(memory_format=torch.channels_last), part.labels
