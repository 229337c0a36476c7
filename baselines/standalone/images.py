"""The images of a training protocol, and the training batches of each seed."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from benchmark.images import Batches, Images, record_of
from benchmark.images.image_set import joint_digest
from benchmark.seeds import Streams
from benchmark.tasks.protocol import TrainingProtocol

CACHE_BYTES = 1 << 28  # of batches; seeds beyond make their batches again for each architecture
BatchList = list[tuple[Tensor, Tensor]]


class StandaloneImages(NamedTuple):
    """Training, validation and test images; no image is in two of them."""

    train: Images
    valid: Images
    test: Images

    def digest(self) -> str:
        """Return the SHA-256 of all pixels and labels, equal to that of the undivided data set."""
        return joint_digest([self.train], [self.test, self.valid])


@lru_cache(maxsize=2)
def read_parts(protocol: TrainingProtocol, folder: Path, device: str) -> StandaloneImages:
    """Return the images of a protocol on a device, divided as `TrainingProtocol.indices` says."""
    images = record_of(protocol.data).read(protocol.data, folder).to(torch.device(device))
    held, first = images.valid, len(images.valid) - protocol.evaluation.valid_images
    return StandaloneImages(images.train, held.after(first), held.first(first))


def seed_batches(
    protocol: TrainingProtocol, seed: int, folder: Path, device: str
) -> BatchList | Batches:
    """Return the training batches of a seed, the same for every architecture.

    Batches are cached for the first seeds that fit in `CACHE_BYTES`. An architecture is trained
    at one seed after the other, so a cache of the latest seeds would never be hit.
    """
    cached = _cached_batches(protocol, folder, device)
    if seed in cached:
        return cached[seed]
    train, settings = read_parts(protocol, folder, device).train, protocol.training
    steps = settings.epochs * len(train) // settings.batch_size
    batches = Batches(
        train,
        settings.batch_size,
        steps,
        protocol.data.crop_padding,
        Streams(seed).torch("alone/batches"),
        flip=protocol.data.flip,
        crop_area=protocol.data.crop_area,
    )
    image = 4 * protocol.scale.input_channels * protocol.scale.resolution**2
    if (len(cached) + 1) * steps * settings.batch_size * image > CACHE_BYTES:
        return batches
    cached[seed] = [batches[step] for step in range(steps)]
    return cached[seed]


@lru_cache(maxsize=1)
def _cached_batches(protocol: TrainingProtocol, folder: Path, device: str) -> dict[int, BatchList]:
    """Return the cache, empty at first; another protocol replaces it."""
    return {}
