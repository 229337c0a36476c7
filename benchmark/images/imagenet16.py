"""ImageNet16-120: the first 120 classes of ImageNet at 16×16 pixels [NAS-Bench-201, section 2.2].

It is made from the ten pickled training batches of downsampled ImageNet [Chrabaszcz et al. 2017,
arXiv 1707.08819], whose download requires an account.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmark.errors import InputError, naming
from benchmark.images.batch_pickles import CHANNELS as CHANNELS
from benchmark.images.batch_pickles import MAX_SIZE, read_batch
from benchmark.images.data_files import VARIABLE, has_files, read_file
from benchmark.images.image_set import ImageSet
from benchmark.images.labelled_images import LabelledImages, concatenated, image_set
from benchmark.images.settings import DataSettings

NAME = "imagenet16-120"
ORIGIN = "https://image-net.org/download-images"
CLASSES, RESOLUTION, IMAGES = 120, 16, 151_700
_ALL_CLASSES = 1_000
_FILES = tuple(f"train_data_batch_{number}" for number in range(1, 11))
_PLACES = ("ImageNet16", NAME, "imagenet16", ".")


def read_training_batch(data: bytes) -> LabelledImages:
    """Read one batch, with labels from 1 to 1,000, and keep the first 120 classes."""
    found = read_batch(data, "labels", 1, _ALL_CLASSES, RESOLUTION)
    kept = found.labels < CLASSES
    return LabelledImages(found.pixels[kept], found.labels[kept])


def find_imagenet16(folder: Path) -> Path:
    """Return the folder of the ten batches in the data folder."""
    for place in _PLACES:
        if has_files(folder / place, _FILES):
            return folder / place
    raise InputError(
        f"no ImageNet16 in {folder}: its licence forbids passing it on, so get the 16×16 training "
        f"batches (train_data_batch_1 to _10) from {ORIGIN} and put them into "
        f"{folder / _PLACES[0]}, or name another folder with --data or {VARIABLE}"
    )


def read_imagenet16(settings: DataSettings, folder: Path) -> ImageSet:
    """Read the training batches from the data folder and split them."""
    place = find_imagenet16(folder)
    found = concatenated(list(_parts(place)))
    if len(found.labels) != IMAGES:
        raise InputError(
            f"{place} holds {len(found.labels):,} images of the first {CLASSES} classes, not "
            f"{IMAGES:,}: get the ten batches again"
        )
    return image_set(found, settings, CLASSES)


def _parts(place: Path) -> Iterator[LabelledImages]:
    for name in _FILES:
        with naming(place / name):
            yield read_training_batch(read_file(place / name, MAX_SIZE))
