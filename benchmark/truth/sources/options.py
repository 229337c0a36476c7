"""How to read a file into a table."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.spaces.base import Space


@dataclass(frozen=True)
class ImportOptions:
    """How to read a file."""

    name: str | None = None  # name of the table; the default depends on the file
    curves: bool = False  # whether to read the accuracy after each epoch too
    allow_subset: bool = False  # whether architectures may be missing
    epochs: int | None = None  # length of the training, for files that do not state it
    jobs: int = 1  # number of processes, for formats with many files
    replace: bool = False  # whether a table of the same name from another file may be replaced
    show: Callable[[float], None] = lambda share: None  # called with the share that has been read
    space: Space | None = None  # the search space; None: the one that has the architectures
    skip_invalid: bool = False  # whether to leave out rows whose architecture is not of the space
    average_repeats: bool = False  # whether several rows of an architecture become their mean


NO_OPTIONS = ImportOptions()
