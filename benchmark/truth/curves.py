"""Learning curves: the accuracy after each epoch, in a file beside the table's."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, MissingError, naming
from benchmark.spaces.base import Arch, Codes, Space
from benchmark.spaces.registry import open_space
from benchmark.truth.files.arrow import read_columns, write_columns
from benchmark.truth.files.nbtable import source_from
from benchmark.truth.measurements import read_only
from benchmark.truth.table import Source

SUFFIX = ".nbcurves"
VERSION = "2"


@dataclass(frozen=True, eq=False)
class LearningCurves:
    """Accuracies after each epoch.

    Example:
        >>> percent = {"cifar10_test_12": np.linspace([10.0], [93.0], 12, axis=1)}
        >>> codes, space = np.array([5]), open_space("nb201")
        >>> curves = LearningCurves("one", Source("-", "-"), codes, percent, space=space)
        >>> float(curves.curve("cifar10_test_12", 5)[-1])
        93.0
    """

    name: str
    source: Source
    codes: Codes  # architectures [n], ascending, each once
    # Accuracies [n, epochs] in percent, means over seeds, by name: ``<dataset>_<set>_<epochs>``.
    # Tables built by this program also have those of each seed: the name and `` seed <seed>``.
    columns: Mapping[str, NDArray[np.float32]]
    space: Space = field(kw_only=True)  # the search space that the codes belong to

    def __post_init__(self) -> None:
        columns = {name: read_only(self.columns[name], np.float32) for name in self.columns}
        object.__setattr__(self, "codes", read_only(self.space.checked(self.codes), np.int64))
        object.__setattr__(self, "columns", columns)
        if self.codes.ndim != 1 or np.any(np.diff(self.codes) <= 0):
            raise InputError(f"curves of {self.name!r}: codes must be ascending, each once")
        for name, column in columns.items():
            if column.ndim != 2 or len(column) != len(self.codes):
                raise InputError(f"curves of {self.name!r}: {name} must have a row for each code")

    def curve(self, name: str, arch: Arch) -> NDArray[np.float32]:
        """Return the accuracies [epochs] of one architecture, a string or a code."""
        if name not in self.columns:
            raise MissingError(
                f"the curves of {self.name!r} have no {name}: they have {', '.join(self.columns)}"
            )
        (code,) = self.space.to_codes([arch])
        row = int(np.searchsorted(self.codes, code))
        if row == len(self.codes) or self.codes[row] != code:
            raise MissingError(
                f"the curves of {self.name!r} have no {self.space.format(int(code))}"
            )
        return np.asarray(self.columns[name][row])


def write_curves(curves: LearningCurves, path: str | Path) -> None:
    """Write learning curves; a concurrent reader sees either the old file or the new one."""
    about = {
        "name": curves.name,
        "space": curves.space.name,
        "source": json.dumps(asdict(curves.source)),
    }
    write_columns(path, VERSION, about, {"code": curves.codes, **curves.columns})


def read_curves(path: str | Path) -> LearningCurves:
    """Map learning curves that `write_curves` wrote into memory."""
    about, columns = read_columns(path, VERSION)
    with naming(path, ": "):
        space = open_space(about.get("space", ""))
    try:
        codes, source = columns.pop("code"), source_from(about["source"])
        return LearningCurves(about["name"], source, codes, columns, space=space)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has no curves of this program; write it again") from error
