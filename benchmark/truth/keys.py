"""Keys of a table's columns: an accuracy, or the cost of a training."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmark.errors import LONGEST, InputError, unknown_name

DATASETS = ("cifar10", "cifar100", "imagenet16-120")  # of the benchmark; other tables have others
SPLITS = ("valid", "test")
_COLUMN_OF = {"imagenet16-120": "imagenet16"}  # data sets that column names abbreviate
_DATASET_OF = {column: dataset for dataset, column in _COLUMN_OF.items()}
# The trainings of the benchmark. For validation, CIFAR-10 was trained on half of its training
# images; for testing, it was trained again on all of them.
RUNS = ("cifar10-valid", "cifar10", "cifar100", "imagenet16-120")
QUANTITIES = ("seconds", "latency", "params", "flops")


@dataclass(frozen=True, order=True)
class AccuracyKey:
    """Which accuracy: of which data set, on which split, after how many epochs.

    Example:
        >>> str(AccuracyKey("imagenet16-120", "valid", 12))
        'imagenet16_valid_12'
    """

    # One of `DATASETS`, or the name of another: small letters, digits, and ``. + -`` between them.
    dataset: str
    split: str  # one of `SPLITS`
    epochs: int  # length of the training in epochs, positive

    def __post_init__(self) -> None:
        _check_name("data set", self.dataset)
        if self.split not in SPLITS:
            raise unknown_name("split", self.split, SPLITS)
        _check_epochs(self.epochs)

    @classmethod
    def parse(cls, text: str) -> AccuracyKey:
        """Return the key of a column name, ``<dataset>_<split>_<epochs>``."""
        form = "<dataset>_<split>_<epochs>, for example cifar10_test_200"
        dataset, split, epochs = _parts(text, "an accuracy", form)
        return cls(_DATASET_OF.get(dataset, dataset), split, epochs)

    def __str__(self) -> str:
        return column_name(self.dataset, self.split, self.epochs)

    @property
    def run(self) -> str:
        """The training after which it was measured, one of `RUNS` or another data set."""
        is_half = (self.dataset, self.split) == ("cifar10", "valid")
        return "cifar10-valid" if is_half else self.dataset


@dataclass(frozen=True, order=True)
class CostKey:
    """Which cost of which training."""

    # one of `QUANTITIES`: training seconds per epoch, latency of one batch in seconds, millions of
    # parameters, or millions of multiply-adds for one image
    quantity: str
    run: str  # the training, one of `RUNS`, or the name of another data set
    epochs: int  # its length in epochs, positive

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES:
            raise unknown_name("quantity", self.quantity, QUANTITIES)
        _check_name("training", self.run)
        _check_epochs(self.epochs)

    @classmethod
    def parse(cls, text: str) -> CostKey:
        """Return the key of a column name, ``<quantity>_<run>_<epochs>``."""
        form = "<quantity>_<run>_<epochs>, for example seconds_cifar10_200"
        return cls(*_parts(text, "a cost", form))

    def __str__(self) -> str:
        return f"{self.quantity}_{self.run}_{self.epochs}"


def column_name(dataset: str, split: str, epochs: int) -> str:
    """Return a column name, also for sets of images that are no split of a table."""
    return f"{_COLUMN_OF.get(dataset, dataset)}_{split}_{epochs}"


def _parts(text: str, kind: str, form: str) -> tuple[str, str, int]:
    match = re.fullmatch(r"([^_]+)_([^_]+)_([1-9][0-9]{0,8})", text)
    if not match:
        raise InputError(f"not {kind}: {text[:LONGEST]!r}; write {form}")
    first, second, epochs = match.groups()
    return first, second, int(epochs)


def _check_name(kind: str, name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]+([.+-][a-z0-9]+)*", name) or len(name) > LONGEST:
        raise InputError(
            f"{name[:LONGEST]!r} cannot name a {kind}: use small letters, digits, and . + - "
            "between them"
        )


def _check_epochs(epochs: int) -> None:
    if epochs < 1:
        raise InputError(f"epochs is {epochs}: it must be 1 or more")
