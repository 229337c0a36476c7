"""A table of accuracies: columns over architectures, each identified by an `AccuracyKey`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError, MissingError, unknown_name
from benchmark.space import SIZE, Arch, Codes, checked_codes, to_codes, to_string

DATASETS = ("cifar10", "cifar100", "imagenet16-120")
SPLITS = ("valid", "test")
_COLUMN_OF = {"imagenet16-120": "imagenet16"}  # where a column writes a data set in its own way
_DATASET_OF = {column: dataset for dataset, column in _COLUMN_OF.items()}

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, order=True)
class AccuracyKey:
    """Which accuracy is meant: of what data, on which split, after how much training.

    Attributes:
        dataset: One of `DATASETS`.
        split: One of `SPLITS`.
        epochs: Length of the training in epochs, positive.

    Raises:
        InputError: One of the three is not valid.

    Example:
        >>> str(AccuracyKey("imagenet16-120", "valid", 12))
        'imagenet16_valid_12'
    """

    dataset: str
    split: str
    epochs: int

    def __post_init__(self) -> None:
        """Check the three parts."""
        if self.dataset not in DATASETS:
            raise unknown_name("data set", self.dataset, DATASETS)
        if self.split not in SPLITS:
            raise unknown_name("split", self.split, SPLITS)
        if self.epochs < 1:
            raise InputError(f"epochs is {self.epochs}: it must be 1 or more")

    @classmethod
    def parse(cls, text: str) -> AccuracyKey:
        """Return the key written as a column name, ``<dataset>_<split>_<epochs>``.

        Raises:
            InputError: The text has another form, or a part is not valid.

        Example:
            >>> AccuracyKey.parse("cifar10_test_200")
            AccuracyKey(dataset='cifar10', split='test', epochs=200)
        """
        match = re.fullmatch(r"([^_]+)_([^_]+)_([1-9][0-9]{0,8})", text)
        if not match:
            raise InputError(
                f"not an accuracy: {text!r}; write <dataset>_<split>_<epochs>, "
                "for example cifar10_test_200"
            )
        dataset, split, epochs = match.groups()
        return cls(_DATASET_OF.get(dataset, dataset), split, int(epochs))

    def __str__(self) -> str:
        """Return the column name."""
        return f"{_COLUMN_OF.get(self.dataset, self.dataset)}_{self.split}_{self.epochs}"


@dataclass(frozen=True)
class Source:
    """The file a table was read from: its name and the SHA-256 of its contents."""

    file: str
    sha256: str


@dataclass(frozen=True, eq=False)
class TruthTable:
    """Accuracies of the whole space or, where that was asked for, of a part of it.

    Attributes:
        name: Short name for results and tables.
        description: One line that says whose numbers these are.
        source: The file they come from.
        codes: Architectures [n], ascending, each once.
        accuracies: For each key the accuracies [n] in percent, means over seeds; read-only.
        seeds: For each key the number of seeds behind each mean, [n]; a key is absent where the
            source does not tell.
        official_index: Numbers [n] of the benchmark files' own order, or None.

    Raises:
        InputError: The columns do not fit each other, or a value is impossible.

    Example:
        >>> key = AccuracyKey("cifar10", "test", 200)
        >>> codes, percent = np.array([0, 25]), np.array([10, 90.5])
        >>> table = TruthTable("two", "an example", Source("-", "-"), codes, {key: percent})
        >>> table.accuracy(key, 25), len(table), table.is_complete
        (90.5, 2, False)
    """

    name: str
    description: str
    source: Source
    codes: Codes
    accuracies: Mapping[AccuracyKey, NDArray[np.float64]]
    seeds: Mapping[AccuracyKey, NDArray[np.int16]] = field(default_factory=dict)
    official_index: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        """Check the columns and keep them read-only."""
        columns = {key: _read_only(self.accuracies[key], np.float64) for key in self.keys}
        seeds = {key: _read_only(self.seeds[key], np.int16) for key in sorted(self.seeds)}
        object.__setattr__(self, "codes", _read_only(checked_codes(self.codes), np.int64))
        object.__setattr__(self, "accuracies", columns)
        object.__setattr__(self, "seeds", seeds)
        if self.official_index is not None:
            index = _read_only(checked_codes(self.official_index), np.int32)
            object.__setattr__(self, "official_index", index)
        fault = self._fault()
        if fault:
            raise InputError(f"table {self.name!r}: {fault}")

    def _fault(self) -> str | None:
        """Return what is wrong with the columns, or None."""
        shape = self.codes.shape
        if self.codes.ndim != 1 or not len(self) or np.any(np.diff(self.codes) <= 0):
            return "codes must be ascending, each once, at least one"
        if not self.accuracies:
            return "there is no accuracy in it; give at least one"
        for key, column in self.accuracies.items():
            if column.shape != shape or not np.all((column >= 0) & (column <= 100)):  # NaN fails
                return f"{key} must hold a percentage for each of the {len(self)} architectures"
        for key, counts in self.seeds.items():
            if key not in self.accuracies or counts.shape != shape or np.any(counts < 1):
                return f"seeds of {key} must be 1 or more for each mean of an accuracy"
        index = self.official_index
        if index is not None and (index.shape != shape or len(np.unique(index)) != len(index)):
            return "the official index must be there for each architecture, each once"
        return None

    def __len__(self) -> int:
        """Return the number of architectures."""
        return len(self.codes)

    @property
    def is_complete(self) -> bool:
        """Whether the table holds the whole space."""
        return len(self.codes) == SIZE

    @property
    def keys(self) -> tuple[AccuracyKey, ...]:
        """The accuracies the table holds, in order."""
        return tuple(sorted(self.accuracies))

    @overload  # mypy sees that a string is a sequence of strings too; the first variant wins
    def accuracy(self, key: AccuracyKey, archs: Arch) -> float: ...  # type: ignore[overload-overlap]

    @overload
    def accuracy(
        self, key: AccuracyKey, archs: Sequence[Arch] | Codes | None = None
    ) -> NDArray[np.float64]: ...

    def accuracy(
        self, key: AccuracyKey, archs: Arch | Sequence[Arch] | Codes | None = None
    ) -> float | NDArray[np.float64]:
        """Return accuracies in percent.

        Args:
            key: Which accuracy; there is no default.
            archs: One architecture as string or code, n of them, or None for all in the table.

        Returns:
            One accuracy for one architecture, else accuracies [n].

        Raises:
            MissingError: The table lacks the key or an architecture.
            InputError: Something is not an architecture.
        """
        if key not in self.accuracies:
            raise MissingError(
                f"table {self.name!r} has no {key}: it has {', '.join(map(str, self.keys))}"
            )
        column = self.accuracies[key]
        if archs is None:
            return column
        if isinstance(archs, (str, int, np.integer)):
            return float(column[self._rows([archs])[0]])
        return np.asarray(column[self._rows(archs)])

    def _rows(self, archs: Iterable[Arch]) -> NDArray[np.int32]:
        """Return where in the columns architectures stand."""
        codes = to_codes(archs)
        rows = np.asarray(self._row_of_code[codes])
        absent = codes[rows < 0]
        if absent.size:
            raise MissingError(
                f"table {self.name!r} has no {to_string(absent[0])}: "
                f"it holds {len(self):,} of {SIZE:,} architectures"
            )
        return rows

    @cached_property
    def _row_of_code(self) -> NDArray[np.int32]:
        rows = np.full(SIZE, -1, np.int32)
        rows[self.codes] = np.arange(len(self), dtype=np.int32)
        return rows


def _read_only(values: ArrayLike, kind: type[Scalar]) -> NDArray[Scalar]:
    """Return ``values`` as an array nobody can write to; copies only what somebody could."""
    array = np.asarray(values, kind)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array
