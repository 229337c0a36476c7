"""Claims on units, so that several processes share one folder of records and none does one twice.

A claim is a hidden file beside the record to come, created by the one call that fails where there
is one already. It names its owner, whose process touches it every few seconds. It may be taken over
when its owner is certainly dead, or, seen from another machine, was silent for long. Silence is
timed by the watcher's own clock, which neither jumps nor needs to agree with others.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmark.errors import CheckError
from benchmark.files import reason
from benchmark.processes import is_gone, started, this_host

BEAT = 5.0  # seconds between two signs of life
SILENCE = 60.0  # seconds without one after which an owner elsewhere is given up


@dataclass(frozen=True)
class Owner:
    """A process that claims units.

    Attributes:
        host: The machine since it was started, and where on it process numbers are unique.
        process: Number of the process.
        started: When it started, in the system's own ticks; empty where that is not known.
        token: Tells it from every other.
    """

    host: str
    process: int
    started: str
    token: str

    @classmethod
    def here(cls) -> Owner:
        """Return this process as an owner."""
        return cls(this_host(), os.getpid(), started(os.getpid()) or "", secrets.token_hex(8))

    @property
    def is_dead(self) -> bool:
        """Whether its process has certainly ended; False where that cannot be seen from here."""
        if self.host != this_host():
            return False
        now = started(self.process)  # another process may have got its number
        return is_gone(self.process) or bool(self.started and now and now != self.started)


def claim(folder: Path, name: str, seed: int, owner: Owner, silent: Collection[str] = ()) -> bool:
    """Claim a unit for an owner, unless somebody alive has it.

    Whoever gets it must look for the record again: it may have come about in between.

    Args:
        folder: Where records are kept.
        name: Name of the method's runs.
        seed: The seed.
        owner: Who claims.
        silent: Names of claims whose owners were silent for too long, from `Watch.silent`.

    Raises:
        CheckError: The system refused.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as name:
        ...     one, other = Owner.here(), Owner.here()
        ...     claim(Path(name), "gm", 3, one), claim(Path(name), "gm", 3, other)
        (True, False)
    """
    there = claims(folder, name, seed)
    if not all(is_over(path, silent) for path in there):
        return False
    number = max((int(path.suffix[1:]) for path in there), default=0) + 1
    own = folder / f"{_stem(folder, name, seed).name}.{number}"
    try:
        _create(own, owner)
    except FileExistsError:
        return False
    except OSError as error:
        raise CheckError(f"cannot write {own}: {reason(error)}") from error
    # Somebody slower may have seen other claims than these.
    others = [path for path in claims(folder, name, seed) if path != own]
    if not all(is_over(path, silent) for path in others):
        own.unlink(missing_ok=True)
        return False
    for path in others:
        path.unlink(missing_ok=True)
    return True


def release(folder: Path, name: str, seed: int, owner: Owner) -> None:
    """Give up an owner's claim on a unit, if there is one."""
    for path in claims(folder, name, seed):
        if owner_of(path) == owner:
            path.unlink(missing_ok=True)


def forget_dead(folder: Path, name: str, seed: int) -> None:
    """Remove the claims on a unit whose owners have certainly ended: its record is there."""
    for path in claims(folder, name, seed):
        owner = owner_of(path)
        if owner is not None and owner.is_dead:
            path.unlink(missing_ok=True)


def keep_alive(folder: Path, units: Iterable[tuple[str, int]], owner: Owner) -> None:
    """Give a sign of life for all of an owner's claims among some units."""
    for name, seed in units:
        for path in claims(folder, name, seed):
            if owner_of(path) == owner:
                with suppress(OSError):
                    os.utime(path)


def claims(folder: Path, name: str, seed: int) -> list[Path]:
    """Return the files of all claims on a unit, the oldest first."""
    stem = _stem(folder, name, seed).name
    found = [path for path in folder.glob(f"{stem}.*") if path.suffix[1:].isdecimal()]
    return sorted(found, key=lambda path: int(path.suffix[1:]))


def is_over(path: Path, silent: Collection[str]) -> bool:
    """Whether a claim may be taken over: its owner is dead, or elsewhere and silent.

    An owner that lives on this machine may be stopped and go on, however long it was silent.

    Args:
        path: The claim's file.
        silent: Names of claims whose owners were silent for too long, from `Watch.silent`.
    """
    owner = owner_of(path)
    if owner is None:  # being written, or just given up
        return path.name in silent or not path.exists()
    return owner.is_dead or (owner.host != this_host() and path.name in silent)


def owner_of(path: Path) -> Owner | None:
    """Return who holds a claim, or None while it is being written, or where it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        owner = Owner(**found)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    kinds = [type(value) for value in asdict(owner).values()]
    return owner if kinds == [str, int, str, str] and owner.process > 0 else None


class Watch:
    """Remembers since when claims have given no sign of life.

    Args:
        silence: Seconds after which an owner is given up.
    """

    def __init__(self, silence: float = SILENCE) -> None:
        self._silence = silence
        self._seen: dict[str, tuple[int, float]] = {}

    def silent(self, paths: Iterable[Path]) -> frozenset[str]:
        """Look at claims, and return the names of those that were silent for too long."""
        found = set()
        for path in paths:
            try:
                beat = path.stat().st_mtime_ns
            except OSError:  # it was given up
                continue
            last, since = self._seen.get(path.name, (None, 0.0))
            if last != beat:
                self._seen[path.name] = (beat, time.monotonic())
            elif time.monotonic() - since > self._silence:
                found.add(path.name)
        return frozenset(found)


def _create(path: Path, owner: Owner) -> None:
    """Write a claim where there is none, or leave nothing behind."""
    file = path.open("x", encoding="utf-8")
    try:
        with file:
            file.write(json.dumps(asdict(owner)))
    except OSError:  # a full disk: a claim that names nobody would hold up others
        with suppress(OSError):
            path.unlink()
        raise


def _stem(folder: Path, name: str, seed: int) -> Path:
    return folder / f".{name}-seed{seed}.claim"
