"""What images a task asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from benchmark.settings import Count, Range

MAX_NOISE = 10.0  # beyond it no network sees a digit


@dataclass(frozen=True)
class DataSettings:
    """What images there are.

    Attributes:
        dataset: Name of a registered data set.
        resolution: Height and width in pixels; other than the data set's own they are resampled.
        training_images: How many images weights are trained on.
        validation_images: How many others architectures may be scored on.
        noise: Fixed Gaussian noise, in standard deviations of the pixels.
        noise_draws: How many times each training image is there, each with noise of its own.
        crop_padding: Border in pixels around a training image before it is cropped at random.
        flip: Whether training images are mirrored left to right, each time with probability 1/2.
    """

    dataset: str
    resolution: Count
    training_images: Count
    validation_images: Count
    noise: Annotated[float, Range(0, MAX_NOISE)]
    noise_draws: Count
    crop_padding: Annotated[int, Range(0)]
    flip: bool

    @property
    def epoch_images(self) -> int:
        """Images that make an epoch of training."""
        return self.training_images * self.noise_draws
