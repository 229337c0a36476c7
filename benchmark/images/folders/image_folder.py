"""A data set that is a folder of pictures, like ImageNet [Deng et al., CVPR 2009].

Its pictures are decoded once for a resolution, in the order in which every task splits them. A task
that uses few of them has them in memory; with more they stay in that file.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmark.errors import InputError
from benchmark.images.data_files import VARIABLE
from benchmark.images.folders.picture_folder import TRAIN, PictureFolder, scan_folder
from benchmark.images.folders.pixel_cache import PixelCache, Progress
from benchmark.images.image_set import Images, ImageSet, PixelFile
from benchmark.images.labelled_images import moments, split_order
from benchmark.images.settings import DataSettings

MOST_IN_MEMORY = 1 << 31  # bytes of pixels
MOST_MEASURED = 10_000  # training images that mean and deviation are computed from


def _ignore(_: float) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class ImageFolder:
    """A folder in the data folder, with a folder of pictures for each class in its ``train``."""

    name: str
    classes: int  # how many of its classes are used, the first by name
    images: int  # number of training pictures that these have
    advice: str  # what to do where it has others

    def prepare(self, settings: DataSettings, folder: Path, progress: Progress) -> None:
        """Find the pictures and decode them, unless that was done before."""
        self._cache(self._scanned(folder), settings, folder).make(progress)

    def read(self, settings: DataSettings, folder: Path) -> ImageSet:
        """Read the images that settings ask for."""
        found = self._scanned(folder)
        cache = self._cache(found, settings, folder)
        info = cache.make(_ignore)
        labels = torch.from_numpy(found.labels())[split_order(self.name, self.images)]
        pixels = cache.pixels()
        size = pixels[0].numel()
        start = cache.file.stat().st_size - pixels.numel()
        file = PixelFile(cache.file, start, size, info.digest, range(self.images))
        whole = Images(pixels, labels, file=file)
        train, valid = (
            whole.part(slice(one.start, one.stop)) for one in settings.split_indices(self.images)
        )
        if (len(train) + len(valid)) * size <= MOST_IN_MEMORY:
            train, valid = _in_memory(train), _in_memory(valid)
        mean, deviation = moments(train.pixels[:MOST_MEASURED])
        return ImageSet(
            replace(train, mean=mean, deviation=deviation),
            replace(valid, mean=mean, deviation=deviation),
            self.classes,
        )

    def _scanned(self, folder: Path) -> PictureFolder:
        """Return the pictures' names, after checking that they are as many as they should be."""
        place = folder / self.name
        if not (place / TRAIN).is_dir():
            raise InputError(
                f"no {self.name} in {folder}: put its pictures into {place / TRAIN}, a folder a "
                f"class, or name another folder with --data or {VARIABLE}"
            )
        found = scan_folder(place, self.classes)
        there = (len(found.classes), sum(found.counts))
        if there != (self.classes, self.images):
            raise InputError(
                f"{found.place} holds {there[1]:,} pictures in {there[0]:,} classes, not "
                f"{self.images:,} in {self.classes:,}: {self.advice}"
            )
        return found

    def _cache(self, found: PictureFolder, settings: DataSettings, folder: Path) -> PixelCache:
        names = found.paths()
        order = split_order(self.name, len(names)).tolist()
        return PixelCache(
            folder / f"{self.name}-{self.classes}-{settings.resolution}",
            found.place,
            [names[place] for place in order],
            settings.resolution,
            found.digest(),
        )


def _in_memory(images: Images) -> Images:
    return Images(images.pixels.clone(), images.labels)
