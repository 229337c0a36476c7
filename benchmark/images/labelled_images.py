"""Labelled uint8 images as read from files, and their split into training and validation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor

from benchmark.errors import InputError
from benchmark.images.image_set import Images, ImageSet
from benchmark.images.settings import DataSettings
from benchmark.seeds import Streams

CHUNK = 1_000  # images resampled at a time, in float32


class LabelledImages(NamedTuple):
    """Labelled images."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


def checked_labels(labels: object, low: int, high: int) -> NDArray[np.int64]:
    """Return labels from ``low`` to ``high``, an array or a list, as int64 from 0.

    Example:
        >>> checked_labels([1, 120], 1, 120).tolist()
        [0, 119]
        >>> checked_labels([0], 1, 120)
        Traceback (most recent call last):
        benchmark.errors.InputError: has the label 0: labels are from 1 to 120
    """
    if isinstance(labels, list):
        if not all(type(label) is int for label in labels):
            raise InputError("has labels that are no integers")
        wrong = [label for label in labels if not low <= label <= high]
    elif isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype.kind in "iu":
        wrong = labels[(labels < low) | (labels > high)].tolist()
    else:
        raise InputError("has labels that are no list of integers")
    if wrong:
        raise InputError(f"has the label {wrong[0]}: labels are from {low} to {high}")
    return np.array(labels, np.int64) - low


def concatenated(parts: Sequence[LabelledImages]) -> LabelledImages:
    """Return the images of several files as one."""
    pixels, labels = zip(*parts, strict=True)
    return LabelledImages(np.concatenate(pixels), np.concatenate(labels))


def split_order(dataset: str, count: int) -> Tensor:
    """Return the places [n] of a data set's images in the order in which they are split."""
    return torch.randperm(count, generator=Streams(0).torch(f"{dataset}/split"))


def image_set(found: LabelledImages, settings: DataSettings, classes: int) -> ImageSet:
    """Split the images of a data set's official training part for training and validation.

    The images are shuffled, independently of the run's seed; the first of that order are for
    training, the last for validation.
    """
    order = split_order(settings.dataset, len(found.labels)).numpy()

    def chosen(places: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        pixels = _resampled(torch.from_numpy(found.pixels[places]), settings.resolution)
        return pixels, torch.from_numpy(found.labels[places])

    train, valid = (
        chosen(order[one.start : one.stop]) for one in settings.split_indices(len(order))
    )
    mean, deviation = moments(train[0])
    return ImageSet(Images(*train, mean, deviation), Images(*valid, mean, deviation), classes)


def _resampled(pixels: Tensor, resolution: int) -> Tensor:
    """Return uint8 images at another resolution: area means if smaller, else interpolated."""
    if pixels.shape[-1] == resolution:
        return pixels
    mode = "area" if resolution < pixels.shape[-1] else "bilinear"
    size = (resolution, resolution)
    return torch.cat(
        [
            F.interpolate(chunk.float(), size=size, mode=mode).round_().byte()
            for chunk in pixels.split(CHUNK)
        ]
    )


def moments(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel of uint8 pixels, [channels, 1, 1]."""
    counts = torch.stack([_histograms(chunk) for chunk in pixels.split(CHUNK)]).sum(0)
    shares = counts.double() / counts.sum(1, keepdim=True)  # [channels, 256]
    levels = torch.arange(256, dtype=torch.float64)
    mean = shares @ levels
    deviation = ((levels - mean[:, None]).square() * shares).sum(1).sqrt()
    deviation = deviation.where(deviation > 0, 1)  # a constant channel is not scaled
    return mean.float()[:, None, None], deviation.float()[:, None, None]


def _histograms(pixels: Tensor) -> Tensor:
    """Return how many pixels of each channel have each level, [channels, 256]."""
    return torch.stack([channel.flatten().bincount(minlength=256) for channel in pixels.unbind(1)])
