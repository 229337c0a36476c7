"""Scoring architectures by how well their child models, not trained further, label images.

BatchNorm's statistics come from the validation images that score, or from training images passed
with them. All images pass together, so the order of architectures and of images does not matter.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor

from baselines.supernets.base import Supernet
from baselines.supernets.parts.normalisation import ByGroup
from benchmark.errors import DivergedError
from benchmark.images import Images, ImageSet
from benchmark.spaces.base import Codes
from benchmark.tasks.sections import ScoringSettings

MOST_PARTS = 1 << 12  # more than a chunk has architectures


def score_codes(
    network: Supernet,
    codes: Codes,
    images: ImageSet,
    settings: ScoringSettings,
    after_chunk: Callable[[int], None],
    *,
    note: Callable[[str], None] = lambda text: None,
) -> NDArray[np.float64]:
    """Return scores [n] of architectures by a trained supernet: percent, or negative nats.

    Canonical codes ascend. ``after_chunk`` is called with the number of images passed, and ``note``
    when chunks are made smaller because the device has too little memory.

    Raises:
        DivergedError: A logit is not finite.
    """
    valid = images.valid.first(settings.images)
    pixels, counted = valid.normalised(), None
    if settings.batch_norm == "training":
        counted = settings.images
        pixels = torch.cat([images.train.first(counted).normalised(), pixels])
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    scores = torch.empty(len(codes), dtype=torch.float64, device=pixels.device)
    with torch.inference_mode():
        start, parts = 0, 1
        while start < len(codes):
            begin = start
            try:
                group = ByGroup(len(pixels), counted)
                for places, found in network.many_logits(
                    codes[begin:], pixels, group, parts, settings.memory << 20
                ):
                    chunk = slice(begin + places.start, begin + places.stop)
                    scores[chunk] = _score(found[:, -len(valid) :], valid, settings.score)
                    after_chunk(len(pixels) * (places.stop - places.start))
                    start = chunk.stop
            except torch.OutOfMemoryError:
                if parts >= MOST_PARTS:
                    raise
                parts *= 2  # retried outside this block, where the error's tensors are freed
                note(f"too little memory to score in chunks: they are {parts} times smaller now")
    if not scores.isfinite().all():
        raise DivergedError("the supernet's logits are not finite: lower the learning rate")
    return scores.cpu().numpy()


def _score(logits: Tensor, valid: Images, score: str) -> Tensor:
    """Turn logits [k, B, classes] into scores [k], NaN where a logit is not finite."""
    if score == "accuracy":
        scores = 100 * (logits.argmax(-1) == valid.labels).double().mean(1)
    else:
        labels = valid.labels.expand(len(logits), -1)
        losses = F.cross_entropy(logits.movedim(-1, 1), labels, reduction="none")
        scores = -losses.double().mean(1)
    return scores.where(logits.isfinite().flatten(1).all(1), math.nan)
