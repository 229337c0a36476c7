"""The data sets by name, and folders of the user's own pictures."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmark.errors import InputError, unknown_name
from benchmark.images import cifar, digits, fashion_mnist, imagenet16
from benchmark.images.folders.image_folder import ImageFolder
from benchmark.images.folders.pictures import CHANNELS
from benchmark.images.folders.pixel_cache import Progress
from benchmark.images.image_set import ImageSet
from benchmark.images.settings import DataSettings


@dataclass(frozen=True)
class DatasetRecord:
    """A data set."""

    name: str
    description: str
    channels: int  # channels of an image
    classes: int
    resolution: int  # height and width in pixels as published, or as networks for it were
    images: int  # number of images in the official training part; the others are never used
    read: Callable[[DataSettings, Path], ImageSet]  # reads the images that settings ask for
    # finds its files in the data folder, or downloads them to it; decodes pictures once, and calls
    # with the share that is done
    prepare: Callable[[DataSettings, Path, Progress], object]
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


def record_of(settings: DataSettings) -> DatasetRecord:
    """Return the data set that settings name.

    One that is not registered is a folder of pictures, if they say how many classes and images.
    """
    name = settings.dataset
    if name in DATASETS:
        if settings.classes:
            raise InputError(
                f"[data] classes is {settings.classes} and images {settings.images}: {name} says "
                "so itself, leave them out; a part of it needs a folder with another name"
            )
        return DATASETS[name]
    if not settings.classes:
        unknown = unknown_name("data set", name, DATASETS)
        raise InputError(f"{unknown}; or give [data] classes and images for a folder of pictures")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.+-]*[a-z0-9])?", name):
        raise InputError(
            f"[data] dataset is {name!r:.80}: name a folder in small letters, digits, and . + - "
            "between them"
        )
    return _folder(
        ImageFolder(name, settings.classes, settings.images, "set [data] classes and images by it"),
        f"your pictures of {settings.classes:,} classes",
        settings.resolution,
    )


def _folder(data: ImageFolder, description: str, resolution: int) -> DatasetRecord:
    return DatasetRecord(
        data.name,
        description,
        channels=CHANNELS,
        classes=data.classes,
        resolution=resolution,
        images=data.images,
        read=data.read,
        prepare=data.prepare,
    )


def _cifar(data: cifar.Cifar, description: str) -> DatasetRecord:
    return DatasetRecord(
        data.name,
        description,
        channels=cifar.CHANNELS,
        classes=data.classes,
        resolution=cifar.RESOLUTION,
        images=data.images,
        read=data.read,
        prepare=lambda settings, folder, progress: data.prepare(folder),
    )


IMAGENET = ImageFolder(
    "imagenet",
    classes=1_000,
    images=1_281_167,
    advice="get ILSVRC 2012 from https://image-net.org/download-images, or give a part of it "
    "another name, with [data] classes and images",
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
        prepare=lambda *_: None,  # part of scikit-learn
    ),
    DatasetRecord(
        fashion_mnist.NAME,
        "60,000 grey pictures of clothes, 28×28 pixels, 10 classes; Debian's or downloaded",
        channels=1,
        classes=fashion_mnist.CLASSES,
        resolution=fashion_mnist.RESOLUTION,
        images=fashion_mnist.IMAGES,
        read=fashion_mnist.read_fashion_mnist,
        prepare=lambda settings, folder, progress: fashion_mnist.prepare_fashion_mnist(folder),
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
        prepare=lambda settings, folder, progress: imagenet16.find_imagenet16(folder),
    ),
    _folder(
        IMAGENET,
        "1,281,167 photographs of 1,000 classes at any resolution; bring your own files",
        resolution=224,
    ),
)
DATASETS: Mapping[str, DatasetRecord] = MappingProxyType({one.name: one for one in _RECORDS})
