"""A unit of work: one method at one seed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmark.errors import InputError
from benchmark.seeds import checked_seed

DEFAULT_BASE = "rsps"  # left out of names


@dataclass(frozen=True)
class Unit:
    """A method, with the base that trains its supernets, at one seed. Units sort by name and seed.

    Example:
        >>> Unit("gm", "darts-2nd", 3).stem, str(Unit("gm", "rsps", 3))
        ('gm-darts-2nd-seed3', 'gm seed 3')
    """

    method: str  # name of the method: lower-case letters, digits and hyphens
    base: str | None  # one-shot base that trains its supernets; None if the method trains none
    seed: int  # integer from 0 to 4,294,967,295

    def __post_init__(self) -> None:
        _check_name("method", self.method)
        if self.base is not None:
            _check_name("base", self.base)
        checked_seed(self.seed)

    @property
    def name(self) -> str:
        """The method with its base, where that is not the default."""
        return self.method if self.base in (None, DEFAULT_BASE) else f"{self.method}-{self.base}"

    @property
    def stem(self) -> str:
        """Name of the unit's files without suffix."""
        return f"{self.name}-seed{self.seed}"

    def __str__(self) -> str:
        return f"{self.name} seed {self.seed}"

    def __lt__(self, other: Unit) -> bool:
        """Order by name, then seed."""
        return (self.name, self.seed) < (other.name, other.seed)


def _check_name(what: str, name: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise InputError(
            f"{what} is {name!r:.60}: it must be lower-case letters, digits and hyphens, "
            "like few-shot"
        )
