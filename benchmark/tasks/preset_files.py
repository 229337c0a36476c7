"""Presets as TOML files: those that come with the package, and those of one's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from benchmark.errors import InputError, unknown_name
from benchmark.files import read_bounded

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Made = TypeVar("Made")

MAX_BYTES = 1 << 20  # of a file
MAX_DOTS = 32  # in a line; tomllib takes memory by the square of the parts that dots make of a name
SUFFIX = ".toml"


@dataclass(frozen=True)
class PresetFiles:
    """Presets of one kind.

    Attributes:
        kind: What one is called in messages.
        folder: Where in the package they lie.
    """

    kind: str
    folder: str

    def names(self) -> list[str]:
        """Return the names of those that come with the package.

        Example:
            >>> PresetFiles("protocol", "protocols").names()
            ['digits', 'fashion-mnist']
        """
        files = resources.files("benchmark.tasks").joinpath(self.folder).iterdir()
        return sorted(
            file.name.removesuffix(SUFFIX) for file in files if file.name.endswith(SUFFIX)
        )

    def values(self, name: str) -> dict[str, Any]:
        """Return what the file of one that comes with the package says, as plain values."""
        return tomllib.loads(self._packaged(name))

    def find(self, name: str) -> tuple[str, str]:
        """Return the name and the text of a preset.

        Args:
            name: A name, or the path of a file of one's own that ends in ``.toml``.

        Raises:
            InputError: No preset has this name, or its file cannot be read.
        """
        if name.endswith(SUFFIX):
            path = Path(name)
            return path.stem, self._read(path)
        if name not in self.names():
            raise unknown_name(self.kind, name, [*self.names(), f"<path>{SUFFIX}"])
        return name, self._packaged(name)

    def parse(self, name: str, text: str, make: Callable[[dict[str, Any]], Made]) -> Made:
        """Return what is made of a preset's text.

        Args:
            name: Its name, for messages.
            text: TOML.
            make: Makes it from plain values.

        Raises:
            InputError: The text is no TOML, or its values do not fit.
        """
        for number, line in enumerate(text.split("\n"), start=1):
            if line.count(".") > MAX_DOTS:
                raise InputError(
                    f"{self.kind} {name}: line {number} has more than {MAX_DOTS} dots: shorten it"
                )
        try:
            return make(tomllib.loads(text))
        except (ValueError, InputError) as error:  # not all tomllib raises is a TOMLDecodeError
            raise InputError(f"{self.kind} {name}: {error}") from error
        except RecursionError as error:
            raise InputError(f"{self.kind} {name}: something in it is nested too deeply") from error

    def _packaged(self, name: str) -> str:
        file = resources.files("benchmark.tasks").joinpath(self.folder, name + SUFFIX)
        return file.read_text("utf-8")

    def _read(self, path: Path) -> str:
        name = f"{self.kind} {path}"
        contents = read_bounded(path, MAX_BYTES, "give a small file", name=name)
        try:
            return contents.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"cannot read {name}: it is not UTF-8") from error
