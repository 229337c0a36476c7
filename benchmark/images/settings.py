"""The settings of a task's images."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from msgspec import Meta

from benchmark.errors import InputError
from benchmark.settings import Count

MAX_NOISE = 10.0  # beyond it no network sees a digit


class SplitIndices(NamedTuple):
    """Indices of both parts in a data set's fixed order."""

    train: range
    valid: range


@dataclass(frozen=True)
class DataSettings:
    """Section ``[data]`` of a task."""

    dataset: str
    resolution: Count  # height and width in pixels; images of another size are resampled
    training_images: Count  # number of images that weights are trained on
    validation_images: Count  # number of other images, that architectures are scored on
    noise: Annotated[float, Meta(ge=0, le=MAX_NOISE)]  # in standard deviations of the pixels
    noise_draws: Count  # number of copies of each training image, each with its own noise
    crop_padding: Annotated[int, Meta(ge=0)]  # pixels around an image before it is cropped
    flip: bool  # whether training images are mirrored left to right with probability 1/2

    def __post_init__(self) -> None:
        if self.crop_padding >= self.resolution:
            raise InputError(
                f"[data] crop_padding is {self.crop_padding}: it must be below the "
                f"resolution, {self.resolution}, or some crops show nothing"
            )

    @property
    def epoch_images(self) -> int:
        """Number of training images in an epoch."""
        return self.training_images * self.noise_draws

    def split_indices(self, images: int) -> SplitIndices:
        """Return the indices of both parts in a data set of this size: its two ends."""
        return SplitIndices(
            range(self.training_images), range(images - self.validation_images, images)
        )
