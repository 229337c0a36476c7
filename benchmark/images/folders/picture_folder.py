"""Folders of pictures: ``train`` holds a folder for each class, and so may ``val``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.files import reason

TRAIN, VALID = "train", "val"
ENDINGS = (".jpeg", ".jpg", ".png", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff")


class Picture(NamedTuple):
    """A picture's file."""

    name: str  # path in its class's folder
    size: int  # in bytes


@dataclass(frozen=True)
class PictureFolder:
    """The training pictures of some classes, each class and its pictures in the order of names."""

    place: Path  # folder of the classes
    classes: dict[str, list[Picture]]

    @property
    def counts(self) -> list[int]:
        """Number of pictures of each class."""
        return [len(pictures) for pictures in self.classes.values()]

    def labels(self) -> NDArray[np.int64]:
        """Return the class of each picture, from 0 on, [n]."""
        return np.repeat(np.arange(len(self.classes)), self.counts)

    def paths(self) -> list[str]:
        """Return the path of each picture from `place` on, [n]."""
        return [f"{name}/{one.name}" for name, found in self.classes.items() for one in found]

    def digest(self) -> str:
        """Return the SHA-256 of all names and sizes, 64 hexadecimal digits."""
        found = hashlib.sha256()
        for name, pictures in self.classes.items():
            lines = [f"{name}/{one.name}\0{one.size}\n" for one in pictures]
            found.update("".join(lines).encode(errors="surrogateescape"))
        return found.hexdigest()


def scan_folder(place: Path, classes: int) -> PictureFolder:
    """Return the training pictures of the first classes by name, of all if there are fewer.

    ``val`` is only compared: if it has folders, it must have those classes too.
    """
    names = _folders(place / TRAIN)
    if not names:
        raise InputError(f"{place / TRAIN} holds no folders: unpack the pictures, a folder a class")
    used = names[:classes]
    there = set(_folders(place / VALID)) if (place / VALID).is_dir() else set()
    missing = [name for name in used if name not in there] if there else []
    if missing:
        raise InputError(
            f"{place / VALID} lacks the class {missing[0]}, which {TRAIN} has: add its folder, or "
            f"take {VALID} away"
        )
    return PictureFolder(place / TRAIN, {name: _pictures(place / TRAIN / name) for name in used})


def _folders(place: Path) -> list[str]:
    """Return the names of a folder's folders, but for hidden ones, in their order."""
    try:
        with os.scandir(place) as entries:
            return sorted(
                one.name for one in entries if not one.name.startswith(".") and one.is_dir()
            )
    except OSError as error:
        raise InputError(f"cannot read {place}: {reason(error)}") from error


def _pictures(place: Path) -> list[Picture]:
    """Return a class's pictures in the order of their names."""
    try:
        found = sorted(_walk(str(place), ""))
    except OSError as error:
        raise InputError(f"cannot read {error.filename or place}: {reason(error)}") from error
    if not found:
        raise InputError(
            f"{place} holds no pictures ({', '.join(ENDINGS)}): add some, or take the folder away"
        )
    return found


def _walk(place: str, prefix: str) -> Iterator[Picture]:
    """Yield the pictures of a folder and those in it."""
    with os.scandir(place) as entries:
        for one in entries:
            if one.name.startswith("."):
                continue
            if one.is_dir():
                yield from _walk(one.path, f"{prefix}{one.name}/")
            elif one.name.lower().endswith(ENDINGS):
                yield Picture(f"{prefix}{one.name}", one.stat().st_size)
