"""The networks and images that zero-cost proxies use, and the options that choose them."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from msgspec import Meta
from torch import Tensor

from baselines.experiment import Experiment
from benchmark.errors import InputError
from benchmark.images import Images
from benchmark.settings import Count
from benchmark.spaces.base import Scale

STREAM = "proxy images"


@dataclass(frozen=True)
class NetworkOptions:
    """Options of a proxy without images."""

    scale: Literal["task", "table"]  # of the ``task``, or of the space's public ``table``


@dataclass(frozen=True)
class BatchOptions(NetworkOptions):
    """Options of a proxy with one batch of images."""

    images: Literal["task", "noise"]  # training images of the ``task``, or ``noise``
    batch_size: Annotated[int, Meta(ge=2)]  # images in a batch, at least two


@dataclass(frozen=True)
class MultiBatchOptions(BatchOptions):
    """Options of a proxy with several batches of images."""

    batches: Annotated[int, Meta(ge=2)]


def proxy_scale(experiment: Experiment, options: NetworkOptions) -> Scale:
    """Return the size of the networks; the number of classes is always the task's."""
    if options.scale == "task":
        return experiment.scale
    return replace(experiment.space.table_scale, classes=experiment.scale.classes)


def proxy_batches(experiment: Experiment, options: BatchOptions, count: Count = 1) -> list[Images]:
    """Return batches of different images, the same for every architecture and proxy of a seed.

    They have the network's resolution and channels, and are on the device. Noise is Gaussian with
    unit variance and random labels.
    """
    scale = proxy_scale(experiment, options)
    generator = experiment.streams.torch(STREAM)
    total = count * options.batch_size
    if options.images == "noise":
        shape = (total, scale.input_channels, scale.resolution, scale.resolution)
        pixels = torch.randn(shape, generator=generator)
        labels = torch.randint(scale.classes, (total,), generator=generator)
    else:
        train = experiment.images.train
        if total > len(train):
            raise InputError(
                f"a proxy needs {total:,} images, the task has {len(train):,} for training: "
                "lower batch_size or batches"
            )
        chosen = torch.randperm(len(train), generator=generator)[:total]
        pixels = _fitted(train.normalise(train.taken(chosen)), scale)
        labels = train.labels[chosen.to(train.device)]
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    whole = Images(pixels, labels).to(experiment.device)
    size = options.batch_size
    return [
        Images(whole.pixels[start : start + size], whole.labels[start : start + size])
        for start in range(0, total, size)
    ]


def _fitted(pixels: Tensor, scale: Scale) -> Tensor:
    """Resize images [B, channels, H, W] to a network's resolution and channels."""
    side, channels = scale.resolution, pixels.shape[1]
    if pixels.shape[2:] != (side, side):
        pixels = F.interpolate(pixels, size=(side, side), mode="bilinear")
    if channels not in (1, scale.input_channels):
        raise InputError(
            f"images of {channels} channels do not fit a network for {scale.input_channels}: "
            'set scale = "task" or images = "noise"'
        )
    return pixels.expand(-1, scale.input_channels, -1, -1)
