"""The 1,797 handwritten digits of scikit-learn, 8×8 pixels each, made as hard as one likes.

Plain digits are so easy that nearly every architecture labels them all, and ranking is chance.
Fixed Gaussian noise on the pixels makes architectures differ again.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from sklearn.datasets import load_digits
from torch import Tensor

from benchmark.datasets.images import Images, ImageSet
from benchmark.seeds import Streams

NAME = "digits"
CLASSES = 10
TRAINING_IMAGES = 1_200  # the other 597 are for validation


def read_digits(resolution: int, noise: float, noise_draws: int) -> ImageSet:
    """Return the digits, split the same way every time.

    Args:
        resolution: Height and width in pixels; other than 8 they are interpolated.
        noise: Standard deviation of the Gaussian noise, in standard deviations of the pixels. It
            is drawn once: an image looks the same whenever it is shown, whatever the run's seed.
        noise_draws: How many times each training image is there, each with noise of its own.

    Returns:
        1,200 images times ``noise_draws`` for training and 597 for validation, one channel, with
        zero mean and unit variance.

    Example:
        >>> digits = read_digits(resolution=8, noise=0.5, noise_draws=2)
        >>> digits.train.pixels.shape, len(digits.valid)
        (torch.Size([2400, 1, 8, 8]), 597)
    """
    bunch = load_digits()
    streams = Streams(0)  # of the data set: the runs' seeds must not change what is shown
    order = torch.randperm(len(bunch.target), generator=streams.torch(f"{NAME}/split"))
    labels = torch.from_numpy(bunch.target).long()[order]
    pixels = torch.from_numpy(bunch.images).float()[order, None]
    if resolution != pixels.shape[-1]:
        pixels = F.interpolate(pixels, size=(resolution, resolution), mode="bilinear")
    train = pixels[:TRAINING_IMAGES]
    pixels = (pixels - train.mean()) / train.std()
    pixels = pixels / math.sqrt(1 + noise**2)  # unit variance again, once the noise is there
    noise /= math.sqrt(1 + noise**2)

    def noisy(images: Tensor, part: str) -> Tensor:
        generator = streams.torch(f"{NAME}/{part} noise")
        return images + noise * torch.randn(images.shape, generator=generator)

    train, valid = pixels.split([TRAINING_IMAGES, len(pixels) - TRAINING_IMAGES])
    train_labels, valid_labels = labels.split([len(train), len(valid)])
    return ImageSet(
        Images(
            noisy(train.repeat(noise_draws, 1, 1, 1), "training"), train_labels.repeat(noise_draws)
        ),
        Images(noisy(valid, "validation"), valid_labels),
        CLASSES,
    )
