"""The random streams of a seed: each has a name, like "batches", and none depends on the others.

Methods that use the same stream at the same seed see the same numbers, whatever else they draw.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import InputError

if TYPE_CHECKING:
    from torch import Generator

LARGEST = 2**32 - 1
MOST = 10_000


@dataclass(frozen=True)
class Streams:
    """The streams of one seed.

    A stream is seeded by the SHA-256 of ``<seed>:<name>`` as a little-endian number: torch's
    generator gets the first eight bytes (the one on the CPU uses four), numpy's PCG64 all 32.

    Example:
        >>> streams = Streams(3)
        >>> int(streams.numpy("batches").integers(1000))
        297
        >>> int(streams.numpy("batches").integers(1000))  # again at the start
        297
    """

    seed: int  # an integer from 0 to 4,294,967,295
    _drawn: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked_seed(self.seed)

    @property
    def drawn(self) -> dict[str, str]:
        """The `fingerprint` of each stream used so far, by its name."""
        return dict(self._drawn)

    def recall(self, names: Iterable[str]) -> None:
        """Add streams that an earlier process used for the same run to `drawn`."""
        self._drawn.update({name: fingerprint(self.seed, name) for name in names})

    def torch(self, name: str) -> Generator:
        """Return a new generator on the CPU at the start of a stream."""
        from torch import Generator  # here, because importing torch takes seconds

        return Generator().manual_seed(int.from_bytes(self._digest(name)[:8], "little"))

    def numpy(self, name: str) -> np.random.Generator:
        """Return a new generator at the start of a stream."""
        return np.random.Generator(np.random.PCG64(int.from_bytes(self._digest(name), "little")))

    def _digest(self, name: str) -> bytes:
        self._drawn[name] = fingerprint(self.seed, name)
        return _start(self.seed, name)


def fingerprint(seed: int, name: str) -> str:
    """Return 16 hexadecimal digits that identify the stream of a seed and a name."""
    return _start(seed, name).hex()[:16]


def _start(seed: int, name: str) -> bytes:
    """Return the SHA-256 that seeds a stream."""
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def checked_seed(seed: object) -> int:
    """Return a seed, after checking that it is an integer from 0 to 4,294,967,295."""
    if type(seed) is not int or not 0 <= seed <= LARGEST:
        raise InputError(f"seed is {seed!r}: it must be an integer from 0 to {LARGEST:,}")
    return seed


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that a text asks for, from 1 to 10,000 different ones in its order.

    The text is a count like ``5`` for the seeds 0 to 4, or a list like ``3,7``; ``3,`` is one seed.

    Example:
        >>> parse_seeds("5"), parse_seeds("3,7"), parse_seeds("3,")
        ((0, 1, 2, 3, 4), (3, 7), (3,))
    """
    try:
        first, *others = text.split(",")
        if not others:
            return tuple(range(_number(first, 1, MOST)))
        if not others[-1].strip():  # a list that ends in a comma
            others.pop()
        seeds = tuple(_number(part, 0, LARGEST) for part in (first, *others))
        if len(seeds) > MOST:
            raise InputError(f"{len(seeds):,} seeds are more than {MOST:,}")
        if len(set(seeds)) < len(seeds):
            raise InputError("it repeats a seed")
    except InputError as error:
        raise InputError(
            f"cannot use seeds {text[:60]!r}: {error}; "
            "write a count like 5 (seeds 0 to 4) or a list like 3,7 (one seed: 3,)"
        ) from error
    return seeds


def _number(text: str, least: int, most: int) -> int:
    """Return the number that a text writes in digits, between blanks."""
    digits = text.strip()
    if re.fullmatch(r"[0-9]{1,10}", digits) and least <= int(digits) <= most:
        return int(digits)
    raise InputError(f"{text[:60]!r} is not a whole number from {least:,} to {most:,}")
