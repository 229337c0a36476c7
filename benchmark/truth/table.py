"""A table of accuracies: columns over architectures, each identified by an `AccuracyKey`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError, MissingError
from benchmark.spaces.base import MOST_ENUMERATED, Arch, Codes, Space
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.measurements import Measurements, read_only


@dataclass(frozen=True)
class Source:
    """What a table was read from."""

    file: str
    sha256: str  # SHA-256 of its contents; for a folder, of its files' names and checksums
    kind: str = ""  # kind of an imported source, such as ``nas-bench-201``
    dated: str = ""  # when it was last changed, ISO 8601 in UTC; empty if unknown
    imported: str = ""  # when it was imported, in the same format


@dataclass(frozen=True, eq=False)
class TruthTable:
    """Accuracies of a whole space or, where a subset is allowed, of a part of it.

    Example:
        >>> from benchmark.spaces.registry import open_space
        >>> key = AccuracyKey("cifar10", "test", 200)
        >>> codes, percent = np.array([0, 25]), np.array([10, 90.5])
        >>> table = TruthTable(
        ...     "two", "-", Source("-", "-"), codes, {key: percent}, space=open_space("nb201")
        ... )
        >>> table.accuracy(key, 25), len(table), table.is_complete
        (90.5, 2, False)
    """

    name: str  # short name for results and tables
    description: str  # one line that says whose numbers these are
    source: Source
    codes: Codes  # architectures [n] of the space, ascending, each once
    accuracies: Mapping[AccuracyKey, NDArray[np.float64]]  # [n] in percent, means over seeds
    # for each key the number of seeds behind each mean, [n]; keys may be missing
    seeds: Mapping[AccuracyKey, NDArray[np.int16]] = field(default_factory=dict)
    official_index: NDArray[np.int32] | None = None  # [n], numbers in the benchmark's files
    measurements: Measurements = field(default_factory=Measurements)  # other numbers of the source
    # how and on which machines the architectures were trained, as plain JSON values; empty if
    # unknown
    protocol: Mapping[str, Any] = field(default_factory=dict)
    space: Space = field(kw_only=True)  # the search space that the codes belong to

    def __post_init__(self) -> None:
        columns = {key: read_only(self.accuracies[key], np.float64) for key in self.keys}
        seeds = {key: read_only(self.seeds[key], np.int16) for key in sorted(self.seeds)}
        object.__setattr__(self, "codes", read_only(self._checked(self.codes), np.int64))
        object.__setattr__(self, "accuracies", columns)
        object.__setattr__(self, "seeds", seeds)
        if self.official_index is not None:
            index = read_only(self._checked(self.official_index), np.int32)
            object.__setattr__(self, "official_index", index)
        fault = self._fault()
        if fault:
            raise InputError(f"table {self.name!r}: {fault}")

    def _checked(self, codes: ArrayLike) -> Codes:
        try:
            return self.space.checked(codes)
        except InputError as error:
            raise InputError(f"table {self.name!r} of space {self.space.name}: {error}") from error

    def _fault(self) -> str | None:
        """Return what is wrong with the columns, or None."""
        shape = self.codes.shape
        if self.codes.ndim != 1 or not len(self) or np.any(np.diff(self.codes) <= 0):
            return "codes must be ascending, each once, at least one"
        if not self.accuracies:
            return "no accuracy; give at least one"
        for key, column in self.accuracies.items():
            if column.shape != shape or not np.all(
                (column >= 0) & (column <= 100)
            ):  # also false for NaN
                return f"{key} must hold a percentage for each of the {len(self)} architectures"
        for key, counts in self.seeds.items():
            if key not in self.accuracies or counts.shape != shape or np.any(counts < 1):
                return f"seeds of {key} must be 1 or more for each mean of an accuracy"
        index = self.official_index
        if index is not None and (index.shape != shape or len(np.unique(index)) != len(index)):
            return "the official index must be given for each architecture, each once"
        return self.measurements.fault(len(self), self.accuracies)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def is_complete(self) -> bool:
        """Whether the table holds the whole space."""
        return len(self) == self.space.size

    @property
    def networks(self) -> int:
        """Number of different networks: some architectures may be the same, see `Space.network`."""
        return len(np.unique(self.space.network(self.codes)))

    @property
    def share(self) -> str:
        """How many architectures it holds, and of how many if it lacks some, in words."""
        whole = "" if self.is_complete else f" of {size_text(self.space.size)}"
        return f"{len(self):,}{whole} architectures"

    @property
    def keys(self) -> tuple[AccuracyKey, ...]:
        """The accuracies in the table, sorted."""
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
        """Return an accuracy in percent: of one architecture, of some [n], or of the whole table.

        Raises:
            MissingError: The table lacks the key or an architecture.
            InputError: A string or code is not an architecture.
        """
        if key not in self.accuracies:
            raise MissingError(
                f"table {self.name!r} has no {key}: it has {', '.join(map(str, self.keys))}"
            )
        column = self.accuracies[key]
        if archs is None:
            return column
        if isinstance(archs, (str, int, np.integer)):
            return float(column[self.rows([archs])[0]])
        return np.asarray(column[self.rows(archs)])

    def only(self, codes: Codes) -> TruthTable:
        """Return the table restricted to some architectures; those that it lacks are ignored."""
        kept = np.isin(self.codes, codes)
        if kept.all():
            return self
        if not kept.any():
            raise MissingError(
                f"table {self.name!r} has none of the {len(codes):,} architectures that were scored"
            )
        index = self.official_index
        return replace(
            self,
            codes=self.codes[kept],
            accuracies={key: column[kept] for key, column in self.accuracies.items()},
            seeds={key: column[kept] for key, column in self.seeds.items()},
            official_index=None if index is None else index[kept],
            measurements=self.measurements.rows(kept),
        )

    def digest(self, key: AccuracyKey) -> str:
        """Return the SHA-256 of the codes and one accuracy, 64 hexadecimal digits."""
        found = hashlib.sha256(self.codes.astype("<i8").tobytes())
        found.update(self.accuracy(key).astype("<f8").tobytes())
        return found.hexdigest()

    def rows(self, archs: Sequence[Arch] | Codes) -> NDArray[np.intp]:
        """Return the rows [n] of architectures in the columns.

        Raises:
            MissingError: The table lacks an architecture.
        """
        codes = self.space.to_codes(archs)
        rows = np.minimum(np.searchsorted(self.codes, codes), len(self) - 1)
        absent = codes[self.codes[rows] != codes]
        if absent.size:
            raise MissingError(
                f"table {self.name!r} has no {self.space.format(int(absent[0]))}: "
                f"it holds {self.share}"
            )
        return rows


def size_text(size: int) -> str:
    """Return the size of a space, rounded where its architectures cannot be listed."""
    return f"{size:,}" if size <= MOST_ENUMERATED else f"{size:.2g}"
