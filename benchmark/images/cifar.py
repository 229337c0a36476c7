"""CIFAR-10 and CIFAR-100, in the version for Python or the binary one [Krizhevsky 2009]."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.errors import InputError, naming
from benchmark.images.batch_pickles import MAX_SIZE, read_batch
from benchmark.images.data_files import RemoteFile, has_files, read_file, read_members
from benchmark.images.image_set import ImageSet
from benchmark.images.labelled_images import LabelledImages, checked_labels, concatenated, image_set
from benchmark.images.settings import DataSettings

ADDRESS = "https://www.cs.toronto.edu/~kriz/"
CHANNELS, RESOLUTION, IMAGES = 3, 32, 50_000
_PIXELS = CHANNELS * RESOLUTION**2


def read_binary(data: bytes, label_bytes: int, classes: int) -> LabelledImages:
    """Read a binary file: for each image its labels, of which the last is used, and its pixels.

    CIFAR-10 has one label per image, CIFAR-100 two, coarse and fine.
    """
    row = label_bytes + _PIXELS
    if len(data) % row:
        raise InputError(f"has {len(data):,} bytes, no whole number of images of {row:,}")
    rows = np.frombuffer(data, np.uint8).reshape(-1, row)
    labels = checked_labels(rows[:, label_bytes - 1], 0, classes - 1)
    return LabelledImages(
        rows[:, label_bytes:].reshape(-1, CHANNELS, RESOLUTION, RESOLUTION), labels
    )


@dataclass(frozen=True)
class PublishedFormat:
    """A format in which a data set is published."""

    folder: str
    archive: RemoteFile
    files: tuple[str, ...]
    read: Callable[[bytes], LabelledImages]


@dataclass(frozen=True)
class Cifar:
    """One of the two data sets."""

    name: str
    classes: int
    formats: tuple[PublishedFormat, ...]  # its formats; the first is downloaded if none is found
    images: int = IMAGES  # number of images in the official training part

    def prepare(self, folder: Path) -> None:
        """Find the files in the data folder, or download them to it."""
        if self._unpacked(folder) is None and self._archive(folder) is None:
            self.formats[0].archive.download(folder)

    def read(self, settings: DataSettings, folder: Path) -> ImageSet:
        """Read the official training part from the data folder and split it."""
        found = concatenated(list(self._parts(folder)))
        if len(found.labels) != self.images:
            raise InputError(
                f"{folder} holds {len(found.labels):,} training images of {self.name}, not "
                f"{self.images:,}: get them again"
            )
        return image_set(found, settings, self.classes)

    def _parts(self, folder: Path) -> Iterator[LabelledImages]:
        unpacked = self._unpacked(folder)
        if unpacked is not None:
            version, place = unpacked
            for name in version.files:
                with naming(place / name):
                    yield version.read(read_file(place / name, MAX_SIZE))
            return
        packed = self._archive(folder)
        if packed is None:
            raise InputError(f"{folder} holds no {self.name}")
        path = folder / packed.archive.name
        names = [f"{packed.folder}/{name}" for name in packed.files]
        for name, data in zip(names, read_members(path, names, MAX_SIZE), strict=True):
            with naming(f"{path}: {name}"):
                yield packed.read(data)

    def _unpacked(self, folder: Path) -> tuple[PublishedFormat, Path] | None:
        """Return the version whose files are unpacked, and their folder."""
        for version in self.formats:
            for place in (folder / version.folder, folder):
                if has_files(place, version.files):
                    return version, place
        for version in self.formats:
            place = folder / version.folder
            if place.is_dir():
                missing = [name for name in version.files if not (place / name).is_file()]
                raise InputError(f"{place} lacks {missing[0]}: unpack {version.archive.name} again")
        return None

    def _archive(self, folder: Path) -> PublishedFormat | None:
        """Return the version whose archive is in the folder, after checking its MD5."""
        for version in self.formats:
            path = folder / version.archive.name
            if path.is_file():
                version.archive.check(path)
                return version
        return None


CIFAR10 = Cifar(
    "cifar10",
    10,
    (
        PublishedFormat(
            "cifar-10-batches-bin",
            RemoteFile("cifar-10-binary.tar.gz", ADDRESS, "c32a1d4ab5d03f1284b67883e8d87530"),
            tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
            lambda data: read_binary(data, 1, 10),
        ),
        PublishedFormat(
            "cifar-10-batches-py",
            RemoteFile("cifar-10-python.tar.gz", ADDRESS, "c58f30108f718f92721af3b95e74349a"),
            tuple(f"data_batch_{number}" for number in range(1, 6)),
            lambda data: read_batch(data, "labels", 0, 9, RESOLUTION),
        ),
    ),
)
CIFAR100 = Cifar(
    "cifar100",
    100,
    (
        PublishedFormat(
            "cifar-100-binary",
            RemoteFile("cifar-100-binary.tar.gz", ADDRESS, "03b5dce01913d631647c71ecec9e9cb8"),
            ("train.bin",),
            lambda data: read_binary(data, 2, 100),
        ),
        PublishedFormat(
            "cifar-100-python",
            RemoteFile("cifar-100-python.tar.gz", ADDRESS, "eb9058c3a382ffc7106e4002c42a8d85"),
            ("train",),
            lambda data: read_batch(data, "fine_labels", 0, 99, RESOLUTION),
        ),
    ),
)
