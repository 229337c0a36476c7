"""What images a task asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from msgspec import Meta

from benchmark.errors import InputError
from benchmark.settings import Count

MAX_NOISE = 10.0  # beyond it no network sees a digit


class Places(NamedTuple):
    """Which images of a data set's fixed order are in which part.

    Attributes:
        train: Those that weights are trained on.
        valid: Those that architectures may be scored on.
    """

    train: range
    valid: range


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

    Raises:
        InputError: The border is as wide as an image.
    """

    dataset: str
    resolution: Count
    training_images: Count
    validation_images: Count
    noise: Annotated[float, Meta(ge=0, le=MAX_NOISE)]
    noise_draws: Count
    crop_padding: Annotated[int, Meta(ge=0)]
    flip: bool

    def __post_init__(self) -> None:
        """Check what no single field can tell."""
        if self.crop_padding >= self.resolution:
            raise InputError(
                f"[data] crop_padding is {self.crop_padding}: it must be below the "
                f"resolution, {self.resolution}, or some crops show nothing"
            )

    @property
    def epoch_images(self) -> int:
        """Images that make an epoch of training."""
        return self.training_images * self.noise_draws

    def places(self, images: int) -> Places:
        """Return where the parts lie in a data set of so many images: at its two ends.

        Example:
            >>> DataSettings("digits", 8, 1_200, 500, 0.5, 2, 1, False).places(1_797)
            Places(train=range(0, 1200), valid=range(1297, 1797))
        """
        return Places(range(self.training_images), range(images - self.validation_images, images))
