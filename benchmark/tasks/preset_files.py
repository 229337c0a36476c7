"""Presets as TOML files: those of the package, and the user's own.

A file describes one dataclass in full, or ``extends`` a preset of the package and says what
differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from benchmark.errors import InputError, unknown_name
from benchmark.files import read_bounded
from benchmark.settings import read_settings
from benchmark.spaces.registry import open_space

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Preset = TypeVar("Preset")
Values = dict[str, Any]

MAX_BYTES = 1 << 20  # of a file
MAX_DOTS = 32  # in a line; tomllib takes memory by the square of a dotted name's parts
SUFFIX = ".toml"


@dataclass(frozen=True)
class PresetFiles(Generic[Preset]):
    """Presets of one kind."""

    kind: str  # what one is called in messages
    folder: str  # where in this package the files are, or folders of them
    # what is read from a file: its first field is the preset's name, the others are the file's
    # top-level entries
    model: type[Preset]
    # changes plain values before they are checked; it is given the folder by which relative paths
    # in them go
    prepare: Callable[[Values, Path], Values] = lambda values, folder: values

    def names(self) -> list[str]:
        """Return the names of the package's presets."""
        return sorted(self._packaged())

    def load(self, name: str) -> Preset:
        """Return a preset."""
        if name.endswith(SUFFIX):
            path = Path(name)
            what = f"{self.kind} {path}"
            contents = read_bounded(path, MAX_BYTES, "give a small file", name=what)
            try:
                return self.parse(path.stem, contents.decode("utf-8-sig"), path.parent)
            except UnicodeDecodeError as error:
                raise InputError(f"cannot read {what}: it is not UTF-8") from error
        packaged = self._packaged()
        if name not in packaged:
            raise unknown_name(self.kind, name, [*sorted(packaged), f"<path>{SUFFIX}"])
        return self.parse(name, packaged[name].read_text("utf-8"))

    def parse(self, name: str, text: str, folder: Path = Path()) -> Preset:
        """Return the preset that the text of a file describes."""
        for number, line in enumerate(text.split("\n"), start=1):
            if line.count(".") > MAX_DOTS:
                raise InputError(
                    f"{self.kind} {name}: line {number} has more than {MAX_DOTS} dots: shorten it"
                )
        try:
            return self.build(name, self._extended(msgspec.toml.decode(text)), folder)
        except (ValueError, msgspec.MsgspecError, InputError) as error:
            raise InputError(f"{self.kind} {name}: {error}") from error
        except RecursionError as error:
            raise InputError(f"{self.kind} {name}: something in it is nested too deeply") from error

    def build(self, name: str, values: Values, folder: Path = Path()) -> Preset:
        """Return the preset that plain values describe."""
        label, *entries = [field.name for field in fields(self.model)]  # type: ignore[arg-type]
        for entry in values:
            if entry not in entries:
                raise unknown_name("section", entry, entries)
        return read_settings(self.model, {label: name, **self.prepare(values, folder)})

    def _packaged(self) -> dict[str, Traversable]:
        """Return the package's files by name; those of a space may lie in a folder of it."""
        found: dict[str, Traversable] = {}
        folders = [resources.files("benchmark.tasks").joinpath(self.folder)]
        for folder in folders:
            for entry in folder.iterdir():
                if entry.is_dir():
                    folders.append(entry)
                elif entry.name.endswith(SUFFIX):
                    found[entry.name.removesuffix(SUFFIX)] = entry
        return found

    def _extended(self, values: Values) -> Values:
        """Return a file's values over those of the preset that it extends."""
        extends = values.pop("extends", None)
        if extends is None:
            return values
        packaged = self._packaged()
        if extends not in packaged:
            raise unknown_name(f"{self.kind} to extend", str(extends), sorted(packaged))
        below = self._extended(msgspec.toml.decode(packaged[extends].read_text("utf-8")))
        space = values.get("space", below["space"])
        if open_space(str(space)) is not open_space(below["space"]):
            del below["network"]  # networks of another space have other sizes
        return _merged(below, values)


def change(values: Values, changes: Mapping[str, Any]) -> None:
    """Change ``section.setting`` or ``methods.<method>.<option>`` of a preset's values in place."""
    sections = {name: section for name, section in values.items() if isinstance(section, dict)}
    for method, options in sections.pop("methods", {}).items():
        sections[f"methods.{method}"] = options
    for name, value in changes.items():
        section, _, setting = name.rpartition(".")
        if section not in sections:
            raise unknown_name("section of settings", section, sections)
        if setting not in sections[section]:
            raise unknown_name(f"setting of [{section}]", setting, sections[section])
        sections[section][setting] = value


def _merged(below: Values, above: Values) -> Values:
    """Return values of which some are replaced, section by section."""
    merged = dict(below)
    for name, value in above.items():
        inner = merged.get(name)
        both = isinstance(inner, dict) and isinstance(value, dict)
        merged[name] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged
