"""Names of data sets, and the one way to read one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmark.datasets import digits
from benchmark.datasets.images import ImageSet
from benchmark.errors import unknown_name


@dataclass(frozen=True)
class DatasetRecord:
    """A data set that can be read by name.

    Attributes:
        name: What the user writes.
        description: One line on what it is.
        channels: Channels of an image.
        classes: Number of classes.
        read: Reads it at a resolution in pixels, with noise in standard deviations, drawn so many
            times for each training image.
    """

    name: str
    description: str
    channels: int
    classes: int
    read: Callable[[int, float, int], ImageSet]


def dataset_record(name: str) -> DatasetRecord:
    """Return a registered data set's record.

    Raises:
        InputError: No data set has this name.

    Example:
        >>> dataset_record("digits").classes
        10
    """
    if name not in DATASETS:
        raise unknown_name("data set", name, DATASETS)
    return DATASETS[name]


_RECORDS = (
    DatasetRecord(
        digits.NAME,
        "1,797 handwritten digits of scikit-learn, 8×8 pixels, with noise on request",
        channels=1,
        classes=digits.CLASSES,
        read=digits.read_digits,
    ),
)
DATASETS: Mapping[str, DatasetRecord] = MappingProxyType({one.name: one for one in _RECORDS})
