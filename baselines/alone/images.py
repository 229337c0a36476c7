"""The images of a protocol: for training, for validation, and for the test."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from benchmark.datasets import Batches, Images, ImageSet, dataset_record
from benchmark.errors import InputError
from benchmark.protocol import Protocol
from benchmark.seeds import Streams
from benchmark.task import DataSettings

KEPT_BYTES = 1 << 26  # of the batches of one seed; more are cut anew for each architecture


class Parts(NamedTuple):
    """The images of a protocol, no image in two parts.

    Attributes:
        train: What weights are trained on.
        valid: What validation accuracies are measured on.
        test: What test accuracies are measured on.
    """

    train: Images
    valid: Images
    test: Images


@lru_cache(maxsize=2)
def read_parts(protocol: Protocol, device: str) -> Parts:
    """Return the images of a protocol on a device, kept for the next architecture.

    Raises:
        InputError: There are too few for validation and test.
    """
    images = _read(protocol.data).to(torch.device(device))
    count, there = protocol.evaluation.valid_images, len(images.valid)
    if count >= there:
        raise InputError(
            f"[evaluation] valid_images is {count:,} of {there:,} validation images: leave some "
            "for the test"
        )
    test, valid = (
        Images(images.valid.pixels[part], images.valid.labels[part])
        for part in (slice(there - count), slice(there - count, None))
    )
    return Parts(images.train, valid, test)


def _read(data: DataSettings) -> ImageSet:
    return dataset_record(data.dataset).read(data.resolution, data.noise, data.noise_draws)


@lru_cache(maxsize=4)
def seed_batches(
    protocol: Protocol, seed: int, device: str
) -> Sequence[tuple[Tensor, Tensor]] | Batches:
    """Return the training batches of a seed, the same for every architecture."""
    train, settings = read_parts(protocol, device).train, protocol.training
    steps = settings.epochs * len(train) // settings.batch_size
    batches = Batches(
        train,
        settings.batch_size,
        steps,
        protocol.data.crop_padding,
        Streams(seed).torch("alone/batches"),
    )
    image = 4 * protocol.scale.input_channels * protocol.scale.resolution**2
    if steps * settings.batch_size * image > KEPT_BYTES:
        return batches
    return [batches[step] for step in range(steps)]
