"""The 1,797 handwritten digits of scikit-learn, 8×8 pixels each, with optional noise.

Nearly every architecture classifies all plain digits correctly, which leaves nothing to rank.
Fixed Gaussian noise on the pixels makes architectures differ.
"""

import math
from importlib.metadata import distribution

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor

from benchmark.images.image_set import Images, ImageSet
from benchmark.images.settings import DataSettings
from benchmark.seeds import Streams

NAME = "digits"
CLASSES = 10
IMAGES = 1_797
RESOLUTION = 8


def read_digits(settings: DataSettings) -> ImageSet:
    """Return the digits, split the same way every time: one channel, zero mean and unit variance.

    Each training image is there ``noise_draws`` times. The noise is drawn once: an image is the
    same in every epoch and for every seed of a run.
    """
    rows = _rows()
    streams = Streams(0)  # of the data set: independent of the run's seed
    order = torch.randperm(len(rows), generator=streams.torch(f"{NAME}/split"))
    labels = torch.from_numpy(rows[:, -1]).long()[order]
    pixels = torch.from_numpy(rows[:, :-1]).float().view(-1, 1, RESOLUTION, RESOLUTION)[order]
    if settings.resolution != RESOLUTION:
        size = (settings.resolution, settings.resolution)
        pixels = F.interpolate(pixels, size=size, mode="bilinear")
    train = pixels[: settings.training_images]
    pixels = (pixels - train.mean()) / train.std()
    spread = math.sqrt(1 + settings.noise**2)
    pixels = pixels / spread  # unit variance again after adding noise
    noise = settings.noise / spread

    def noisy(images: Tensor, part: str) -> Tensor:
        generator = streams.torch(f"{NAME}/{part} noise")
        return images + noise * torch.randn(images.shape, generator=generator)

    first, last = (slice(one.start, one.stop) for one in settings.split_indices(IMAGES))
    draws = settings.noise_draws
    return ImageSet(
        Images(
            noisy(pixels[first].repeat(draws, 1, 1, 1), "training"), labels[first].repeat(draws)
        ),
        Images(noisy(pixels[last], "validation"), labels[last]),
        CLASSES,
    )


def _rows() -> NDArray[np.float64]:
    """Return scikit-learn's file: for each image 64 grey levels and the label.

    ``sklearn.datasets.load_digits`` reads the same file, but is slow to import.
    """
    path = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    return np.loadtxt(str(path), delimiter=",")
