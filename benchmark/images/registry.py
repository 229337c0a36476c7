"""The data sets by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmark.errors import InputError, unknown_name
from benchmark.images import cifar, digits, fashion_mnist, imagenet16
from benchmark.images.image_set import ImageSet
from benchmark.images.settings import DataSettings


@dataclass(frozen=True)
class DatasetRecord:
    """A data set."""

    name: str
    description: str
    channels: int  # channels of an image
    classes: int
    resolution: int  # height and width in pixels as published
    images: int  # number of images in the official training part; the others are never used
    read: Callable[[DataSettings, Path], ImageSet]  # reads the images that settings ask for
    prepare: Callable[[Path], object]  # finds its files in the data folder, or downloads them to it
    noisy: bool = False  # whether noise can be added to its images

    def check(self, settings: DataSettings) -> None:
        """Check settings against this record, without reading files."""
        asked = settings.training_images + settings.validation_images
        if asked > self.images:
            raise InputError(
                f"[data] training_images and validation_images are {asked} together: "
                f"{self.name} has {self.images}, ask for fewer"
            )
        if not self.noisy and (settings.noise > 0 or settings.noise_draws > 1):
            raise InputError(
                f"[data] noise is {settings.noise:g} and noise_draws {settings.noise_draws}: "
                f"{self.name} takes none, so set them to 0 and 1"
            )


def dataset_record(name: str) -> DatasetRecord:
    """Return the data set of a name."""
    if name not in DATASETS:
        raise unknown_name("data set", name, DATASETS)
    return DATASETS[name]


def _cifar(data: cifar.Cifar, description: str) -> DatasetRecord:
    return DatasetRecord(
        data.name,
        description,
        channels=cifar.CHANNELS,
        classes=data.classes,
        resolution=cifar.RESOLUTION,
        images=data.images,
        read=data.read,
        prepare=data.prepare,
    )


_RECORDS = (
    DatasetRecord(
        digits.NAME,
        "1,797 handwritten digits of scikit-learn, 8×8 pixels, with noise on request",
        channels=1,
        classes=digits.CLASSES,
        resolution=digits.RESOLUTION,
        images=digits.IMAGES,
        noisy=True,
        read=lambda settings, _: digits.read_digits(settings),
        prepare=lambda _: None,  # part of scikit-learn
    ),
    DatasetRecord(
        fashion_mnist.NAME,
        "60,000 grey pictures of clothes, 28×28 pixels, 10 classes; Debian's or downloaded",
        channels=1,
        classes=fashion_mnist.CLASSES,
        resolution=fashion_mnist.RESOLUTION,
        images=fashion_mnist.IMAGES,
        read=fashion_mnist.read_fashion_mnist,
        prepare=fashion_mnist.prepare_fashion_mnist,
    ),
    _cifar(cifar.CIFAR10, "50,000 colour images, 32×32 pixels, 10 classes; downloaded at need"),
    _cifar(cifar.CIFAR100, "50,000 colour images, 32×32 pixels, 100 classes; downloaded at need"),
    DatasetRecord(
        imagenet16.NAME,
        "151,700 colour images, 16×16 pixels, 120 classes of ImageNet; bring your own files",
        channels=imagenet16.CHANNELS,
        classes=imagenet16.CLASSES,
        resolution=imagenet16.RESOLUTION,
        images=imagenet16.IMAGES,
        read=imagenet16.read_imagenet16,
        prepare=imagenet16.find_imagenet16,
    ),
)
DATASETS: Mapping[str, DatasetRecord] = MappingProxyType({one.name: one for one in _RECORDS})
