"""Fashion-MNIST: 60,000 grey pictures of clothes, in IDX files [arXiv 1708.07747]."""

from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, naming
from benchmark.images.data_files import RemoteFile, read_file
from benchmark.images.image_set import ImageSet
from benchmark.images.labelled_images import LabelledImages, checked_labels, image_set
from benchmark.images.settings import DataSettings

NAME = "fashion-mnist"
ADDRESS = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
CLASSES, RESOLUTION, IMAGES = 10, 28, 60_000
MAX_SIZE = 1 << 26  # bytes of a file; the images have some 47 million
_FILES = (
    RemoteFile("train-images-idx3-ubyte.gz", ADDRESS, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    RemoteFile("train-labels-idx1-ubyte.gz", ADDRESS, "25c81989df183df01b3e8a0aad5dffbe"),
)
# MNIST's files have the same names and sizes, so no other folders. The last one is Debian's.
_PLACES = (NAME, "FashionMNIST/raw", "/usr/share/datasets/fashion-mnist")
_BYTES = 0x0800  # magic number of uint8 elements, without the number of dimensions


def read_idx(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    r"""Read an IDX file of uint8: a magic number, the size of each dimension, and the elements."""
    start = 4 * (1 + dimensions)
    header = [int.from_bytes(data[at : at + 4], "big") for at in range(0, start, 4)]
    if header[0] != _BYTES + dimensions or len(data) < 4:
        raise InputError(
            f"has the magic number {header[0]}, not the {_BYTES + dimensions} of IDX files of "
            f"{dimensions} dimension{'s' if dimensions > 1 else ''}"
        )
    if prod(header[1:]) != len(data) - start:
        raise InputError(
            f"states {'×'.join(map(str, header[1:]))} elements, but has {len(data) - start:,}"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(header[1:])


def find_fashion_mnist(folder: Path) -> tuple[Path, Path] | None:
    """Return the files of images and of labels, compressed or not, or None."""
    for place in _PLACES:
        found = [
            path
            for file in _FILES
            for path in (folder / place / file.name.removesuffix(".gz"), folder / place / file.name)
            if path.is_file()
        ]
        images, labels = (
            next((path for path in found if kind in path.name), None)
            for kind in ("images", "labels")
        )
        if images is not None and labels is not None:
            return images, labels
    return None


def prepare_fashion_mnist(folder: Path) -> None:
    """Find the files, or download them to the data folder."""
    if find_fashion_mnist(folder) is None:
        for file in _FILES:
            file.download(folder / NAME)


def read_fashion_mnist(settings: DataSettings, folder: Path) -> ImageSet:
    """Read the official training part and split it."""
    paths = find_fashion_mnist(folder)
    if paths is None:
        raise InputError(f"{folder} holds no {NAME}")
    return image_set(read_training_files(*paths), settings, CLASSES)


def read_training_files(images: Path, labels: Path, count: int = IMAGES) -> LabelledImages:
    """Read the files of the training images and their labels, compressed or not."""
    with naming(images):
        pixels = read_idx(read_file(images, MAX_SIZE), 3)
        if pixels.shape != (count, RESOLUTION, RESOLUTION):
            raise InputError(
                f"has images of shape {list(pixels.shape)}, not {count:,} of "
                f"{RESOLUTION}×{RESOLUTION}: it is another file"
            )
    with naming(labels):
        found = checked_labels(read_idx(read_file(labels, MAX_SIZE), 1), 0, CLASSES - 1)
        if len(found) != count:
            raise InputError(f"has {len(found):,} labels, not {count:,}")
    return LabelledImages(pixels[:, None], found)
