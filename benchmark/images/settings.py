"""The settings of a task's images."""

from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, NamedTuple

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
    # Least share of an image's area that is cut out at random and enlarged, as for Inception; 1 for
    # none. Files leave this and the next settings out where they say nothing.
    crop_area: Annotated[float, Meta(gt=0, le=1)] = 1.0
    # Of a folder of pictures, which is named by ``dataset``: how many of its classes are used, in
    # the order of their names, and how many training pictures these have. 0 for other data sets.
    classes: Annotated[int, Meta(ge=0)] = 0
    images: Annotated[int, Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.crop_padding >= self.resolution:
            raise InputError(
                f"[data] crop_padding is {self.crop_padding}: it must be below the "
                f"resolution, {self.resolution}, or some crops show nothing"
            )
        if self.crop_area < 1 and self.crop_padding:
            raise InputError(
                f"[data] crop_area is {self.crop_area:g} and crop_padding {self.crop_padding}: "
                "crop in one way, so set crop_area to 1 or crop_padding to 0"
            )
        if (self.classes > 0) != (self.images > 0):
            raise InputError(
                f"[data] classes is {self.classes} and images {self.images}: give both for a "
                "folder of pictures, or none for another data set"
            )

    def describe(self) -> dict[str, Any]:
        """Return these settings as plain values, without optional ones that say nothing."""
        whole, optional = asdict(self), {one.name: one.default for one in fields(self)}
        return {name: value for name, value in whole.items() if value != optional[name]}

    @property
    def epoch_images(self) -> int:
        """Number of training images in an epoch."""
        return self.training_images * self.noise_draws

    def split_indices(self, images: int) -> SplitIndices:
        """Return the indices of both parts in a data set of this size: its two ends."""
        return SplitIndices(
            range(self.training_images), range(images - self.validation_images, images)
        )
