"""A task: everything that an experiment fixes but the method and the seed.

Presets are TOML files in ``benchmark/tasks/presets``; no setting has a default in the code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmark.budget import Budget
from benchmark.errors import InputError, naming, readable
from benchmark.images import DataSettings, record_of
from benchmark.settings import differences, read_settings
from benchmark.spaces.base import Codes, Scale, Space
from benchmark.spaces.candidates import ALL, candidate_codes
from benchmark.spaces.registry import open_space
from benchmark.spaces.texts.lists import read_subset
from benchmark.tasks.preset_files import PresetFiles, change
from benchmark.tasks.sections import (
    NO_SEARCH,
    NO_SELECTION,
    ScoringSettings,
    SearchSettings,
    SelectionSettings,
    TrainingSettings,
    TrajectorySettings,
    TruthSettings,
    network_scale,
)


@dataclass(frozen=True)
class Task:
    """Everything that an experiment fixes but the method and the seed."""

    preset: str
    description: str
    space: str  # name of the search space
    data: DataSettings
    network: Mapping[str, Any]  # how large networks are, see the space's `Scale`
    training: TrainingSettings  # how weights are trained, and for how long
    scoring: ScoringSettings  # how architectures are scored
    search: SearchSettings  # which one-shot base trains supernets, and its settings
    selection: SelectionSettings  # which architecture a leaf selects
    trajectory: TrajectorySettings  # whether architectures are scored during training as well
    truth: TruthSettings  # what runs are judged by
    methods: Mapping[str, Mapping[str, Any]]  # options by method, which checks them

    def __post_init__(self) -> None:
        budget = self.training.budget
        if budget != "schedule" and budget < self.training.batch_size:
            raise InputError(
                f"[training] budget is {budget}: it must allow one batch of "
                f"{self.training.batch_size} images at least"
            )
        record_of(self.data).check(self.data)
        _ = self.scale  # checks the network's size
        with naming("[scoring] candidates", ": "):
            _ = self.candidates

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is cached, so that a worker is sent little."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def candidates(self) -> Codes:
        """The architectures that are scored, [n], ascending."""
        codes = candidate_codes(self.scoring.candidates, self.search_space)
        codes.flags.writeable = False
        return codes

    @cached_property
    def functions(self) -> Codes:
        """Canonical codes of the candidates, each once and ascending: what supernets score."""
        codes = np.unique(self.search_space.canonical(self.candidates))
        codes.flags.writeable = False
        return codes

    @property
    def search_space(self) -> Space:
        """The space that is searched."""
        return open_space(self.space)

    @property
    def scale(self) -> Scale:
        """The network's size on this task's images."""
        return network_scale(self.search_space, self.network, self.data)

    @property
    def budget(self) -> Budget | None:
        """What one run of a method may spend; None where its own schedule says."""
        return None if self.training.budget == "schedule" else Budget(self.training.budget)

    def with_base(self, base: str) -> Task:
        """Return the same task with supernets of another one-shot base."""
        return replace(self, search=replace(self.search, base=base))

    def changed(self, changes: Mapping[str, Any]) -> Task:
        """Return the same task with other values of some settings.

        Where a change can change scores, the name gets a digest of all such changes: tasks of
        one name give the same scores.

        Example:
            >>> task = load_preset("laptop").changed({"training.budget": 64_000})
            >>> task.preset, task.training.budget
            ('laptop-fa51cc', 64000)
            >>> load_preset("laptop").changed({"truth.table": "mine"}).preset
            'laptop'
        """
        values = self.values() | {
            "data": asdict(self.data)
        }  # what it leaves out can be changed too
        change(values, changes)
        other = _FILES.build(self.preset, values)
        deciding = {
            name: value
            for name, (_, value) in differences(self.values(), other.values()).items()
            if name.partition(".")[0] not in ("description", "truth")
        }
        if not deciding:
            return other
        digest = hashlib.sha256(msgspec.json.encode(deciding, order="sorted")).hexdigest()
        return replace(other, preset=f"{self.preset}-{digest[:6]}")

    def values(self) -> dict[str, Any]:
        """Return what a preset's file would say, as plain values."""
        whole = asdict(self) | {"data": self.data.describe()}
        del whole["preset"]
        return whole

    def describe(self, method: str, *, searches: bool = True) -> dict[str, Any]:
        """Return what decides a method's record beside its seed, as plain values.

        ``[search]`` and ``[selection]`` are left out for a method that trains no supernets,
        ``[selection]`` and ``[trajectory]`` where they are off. What the mapping holds is shared by
        all calls: do not change it.
        """
        sections = dict(self._sections)
        if not searches:
            del sections["search"]
        if not searches or self.selection.by == NO_SELECTION.by:
            del sections["selection"]
        if not self.trajectory.points:
            del sections["trajectory"]
        return {**sections, "options": dict(self.methods.get(method, {}))}

    @cached_property
    def _sections(self) -> dict[str, Any]:
        whole = asdict(self) | {"data": self.data.describe()}
        del whole["description"], whole["methods"]
        return whole


def _read_candidates(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Replace the path of a list of candidates by the list, so that a task is whole."""
    scoring = values.get("scoring")
    if not isinstance(scoring, dict) or not isinstance(values.get("space"), str):
        return values
    named = scoring.get("candidates")
    if not isinstance(named, str) or named == ALL:
        return values
    path = folder / named
    if not path.is_file():
        raise InputError(
            f"[scoring] candidates is {named!r:.80}: write all, a number, a list of codes, or the "
            f"path of a file that lists architectures; there is no file {readable(str(path)):.80}"
        )
    space = open_space(values["space"])
    return {**values, "scoring": {**scoring, "candidates": read_subset(path, space).tolist()}}


_FILES = PresetFiles("preset", "presets", Task, _read_candidates)

# What a description leaves out where it decides nothing.
_LEFT_OUT: Mapping[str, Any] = {
    "search": NO_SEARCH,
    "selection": NO_SELECTION,
    "trajectory": TrajectorySettings(points=0, architectures=1),
}


def preset_names() -> list[str]:
    """Return the names of the package's presets."""
    return _FILES.names()


def load_preset(name: str) -> Task:
    """Return the task of a preset's name or TOML file, see `PresetFiles.load`."""
    return _FILES.load(name)


def parse_task(name: str, text: str) -> Task:
    """Return the task that TOML describes: ``description``, ``space``, sections of `Task`, options.

    Or ``extends``, the name of a preset, and what differs from it.
    """
    return _FILES.parse(name, text)


def described_task(method: str, description: Mapping[str, Any]) -> Task:
    """Return the task that a record describes, so that it can be run again."""
    values = {name: asdict(settings) for name, settings in _LEFT_OUT.items()} | dict(description)
    preset, options = values.pop("preset", None), values.pop("options", {})
    methods = {method: options} if options else {}
    known = {"description": "", **values, "methods": methods}
    try:
        return read_settings(Task, {"preset": preset, **known})
    except InputError as error:
        raise InputError(f"the task cannot be run by this version: {error}") from error
