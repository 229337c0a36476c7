"""The images of a protocol: for training, for validation, and for the test."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from benchmark.images import Batches, Images, ImageSet, dataset_record
from benchmark.seeds import Streams
from benchmark.tasks.protocol import TrainingProtocol

KEPT_BYTES = 1 << 28  # of batches; those of further seeds are cut anew for each architecture
Pairs = list[tuple[Tensor, Tensor]]


class AloneImages(NamedTuple):
    """The images of a protocol, no image in two parts.

    Attributes:
        train: What weights are trained on.
        valid: What validation accuracies are measured on.
        test: What test accuracies are measured on.
    """

    train: Images
    valid: Images
    test: Images

    def digest(self) -> str:
        """Return the SHA-256 of all pixels and labels, as `ImageSet.digest` gives it undivided."""
        held = Images(
            torch.cat([self.test.pixels, self.valid.pixels]),
            torch.cat([self.test.labels, self.valid.labels]),
        )
        return ImageSet(self.train, held, classes=0).digest()


@lru_cache(maxsize=2)
def read_parts(protocol: TrainingProtocol, folder: Path, device: str) -> AloneImages:
    """Return the images of a protocol on a device, kept for the next architecture.

    Validation images are the last of the data set's, those for the test the ones before, see
    `Protocol.places`.

    Args:
        protocol: How many there are of each kind.
        folder: Where files of images lie.
        device: Where they are put.
    """
    record = dataset_record(protocol.data.dataset)
    images = record.read(protocol.data, folder).to(torch.device(device))
    held, first = images.valid, len(images.valid) - protocol.evaluation.valid_images
    valid = Images(held.pixels[first:], held.labels[first:], held.mean, held.deviation)
    return AloneImages(images.train, valid, held.first(first))


def seed_batches(
    protocol: TrainingProtocol, seed: int, folder: Path, device: str
) -> Pairs | Batches:
    """Return the training batches of a seed, the same for every architecture.

    As each architecture is trained at one seed after the other, the first seeds stay: if the last
    did, none would be there when it is asked for again.
    """
    kept = _kept_batches(protocol, folder, device)
    if seed in kept:
        return kept[seed]
    train, settings = read_parts(protocol, folder, device).train, protocol.training
    steps = settings.epochs * len(train) // settings.batch_size
    batches = Batches(
        train,
        settings.batch_size,
        steps,
        protocol.data.crop_padding,
        Streams(seed).torch("alone/batches"),
        flip=protocol.data.flip,
    )
    image = 4 * protocol.scale.input_channels * protocol.scale.resolution**2
    if (len(kept) + 1) * steps * settings.batch_size * image > KEPT_BYTES:
        return batches
    kept[seed] = [batches[step] for step in range(steps)]
    return kept[seed]


@lru_cache(maxsize=1)
def _kept_batches(protocol: TrainingProtocol, folder: Path, device: str) -> dict[int, Pairs]:
    """Return where the batches of seeds are kept; those of another protocol make room."""
    return {}
