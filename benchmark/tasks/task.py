"""A task: everything that an experiment fixes but the method and the seed.

Presets are TOML files in ``benchmark/tasks/presets``. Each holds one task in full, or extends
another and says what differs; nothing about a run hides in a default of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from benchmark.budget import Budget
from benchmark.errors import InputError, unknown_name
from benchmark.images import DataSettings, dataset_record
from benchmark.settings import read_settings
from benchmark.spaces.nb201 import SIZE, Codes, candidate_codes, live_codes
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.tasks.preset_files import PresetFiles
from benchmark.tasks.sections import (
    NO_SEARCH,
    NetworkSettings,
    ScoringSettings,
    SearchSettings,
    TrainingSettings,
    TrajectorySettings,
    TruthSettings,
)

_FILES = PresetFiles("preset", "presets")


@dataclass(frozen=True)
class Task:
    """Everything that an experiment fixes but the method and the seed.

    Attributes:
        preset: Name of the preset it came from.
        description: One line on what it is for.
        data: What images there are.
        network: How large the supernet is.
        training: How weights are trained, and for how long.
        scoring: How architectures are scored.
        search: Which one-shot base trains supernets, and its settings.
        trajectory: Whether architectures are scored on the way as well.
        truth: What runs are judged by.
        methods: Options of each method by its name; the method checks them.
    """

    preset: str
    description: str
    data: DataSettings
    network: NetworkSettings
    training: TrainingSettings
    scoring: ScoringSettings
    search: SearchSettings
    trajectory: TrajectorySettings
    truth: TruthSettings
    methods: Mapping[str, Mapping[str, Any]]

    def __post_init__(self) -> None:
        """Check what no single field can tell."""
        budget = self.training.budget
        if budget != "schedule" and budget < self.training.batch_size:
            raise InputError(
                f"[training] budget is {budget}: it must allow one batch of "
                f"{self.training.batch_size} images at least"
            )
        dataset_record(self.data.dataset).check(self.data)
        _ = self.scale  # checks the network's size
        candidate_codes(self.scoring.candidates)

    @property
    def candidates(self) -> Codes:
        """The architectures that are scored, [n], ascending."""
        return candidate_codes(self.scoring.candidates)

    @property
    def functions(self) -> Codes:
        """The live codes of the candidates, each once and ascending: what supernets score."""
        return np.unique(live_codes(self.candidates))

    @property
    def scale(self) -> NetworkScale:
        """The network's size on this task's images."""
        return self.network.scale_for(self.data)

    @property
    def budget(self) -> Budget | None:
        """What one run of a method may spend; None where its own schedule says."""
        return None if self.training.budget == "schedule" else Budget(self.training.budget)

    def with_base(self, base: str) -> Task:
        """Return the same task with supernets of another one-shot base."""
        return replace(self, search=replace(self.search, base=base))

    def changed(self, changes: Mapping[str, Any]) -> Task:
        """Return the same task with other values of some settings; its preset's name tells.

        Args:
            changes: Values by ``section.setting``, or ``methods.<method>.<option>``.

        Raises:
            InputError: A name is unknown, or a value of another type or out of range.

        Example:
            >>> task = load_preset("laptop").changed({"training.budget": 64_000})
            >>> task.preset, task.training.budget
            ('laptop-changed', 64000)
        """
        if not changes:
            return self
        values = self.values()
        places = {section: values[section] for section in _SECTIONS}
        places |= {f"methods.{method}": options for method, options in values["methods"].items()}
        for name, value in changes.items():
            section, _, setting = name.rpartition(".")
            if section not in places:
                raise unknown_name("section of settings", section, places)
            if setting not in places[section]:
                raise unknown_name(f"setting of [{section}]", setting, places[section])
            places[section][setting] = value
        return _task(f"{self.preset}-changed", values)

    def values(self) -> dict[str, Any]:
        """Return all that a preset's file would say, as plain values.

        Example:
            >>> list(load_preset("laptop").values())[:3]
            ['description', 'data', 'network']
        """
        whole = asdict(self)
        del whole["preset"]
        return whole

    def describe(self, method: str, *, searches: bool = True) -> dict[str, Any]:
        """Return all that decides what a record holds beside its seed, as plain JSON values.

        A trajectory changes no score: it is told only where there is one.

        Args:
            method: Name of the method.
            searches: Whether it trains supernets, so that ``[search]`` matters.
        """
        whole = asdict(self)
        del whole["description"], whole["methods"]
        if not searches:
            del whole["search"]
        if not self.trajectory.points:
            del whole["trajectory"]
        return {**whole, "options": dict(self.methods.get(method, {}))}


def preset_names() -> list[str]:
    """Return the names of the presets.

    Example:
        >>> preset_names()[:2]
        ['ci', 'equal-darts']
    """
    return _FILES.names()


def load_preset(name: str) -> Task:
    """Return the task of a preset.

    Args:
        name: Name of a preset, or the path of a file of one's own that ends in ``.toml``.

    Raises:
        InputError: No preset has this name, or its file is wrong or cannot be read.

    Example:
        >>> load_preset("laptop").data.dataset
        'digits'
    """
    return parse_task(*_FILES.find(name))


def parse_task(name: str, text: str) -> Task:
    """Return the task that the text of a preset's file describes.

    Args:
        name: Name of the preset.
        text: TOML: ``description``, the sections of `Task`, and one ``[methods.<name>]`` for each
            method that has options; or ``extends``, the name of a preset, and what differs from it.

    Returns:
        The task.

    Raises:
        InputError: The text is no TOML, or something in it is unknown, missing or out of range.
    """
    return _FILES.parse(name, text, lambda values: _task(name, _extended(values)))


def described_task(method: str, description: Mapping[str, Any]) -> Task:
    """Return the task that a record describes, so that it can be run again.

    Args:
        method: Name of the method.
        description: What `Task.describe` gave for it.

    Raises:
        InputError: Something in it is unknown, missing or out of range, perhaps because another
            version of this program wrote it.

    Example:
        >>> task = load_preset("ci")
        >>> described_task("gm", task.describe("gm")).describe("gm") == task.describe("gm")
        True
    """
    values = dict(description)
    preset, options = values.pop("preset", None), values.pop("options", {})
    if not isinstance(preset, str):
        raise InputError(f"the task's preset is {preset!r}: it must be a name")
    methods = {method: options} if options else {}
    for section, absent in _UNTOLD.items():
        values.setdefault(section, asdict(absent))
    try:
        return _task(preset, {"description": "", **values, "methods": methods})
    except InputError as error:
        raise InputError(f"the task cannot be run by this version: {error}") from error


_SECTIONS: Mapping[str, type[Any]] = {
    "data": DataSettings,
    "network": NetworkSettings,
    "training": TrainingSettings,
    "scoring": ScoringSettings,
    "search": SearchSettings,
    "trajectory": TrajectorySettings,
    "truth": TruthSettings,
}
# What a description leaves out where it decides nothing.
_UNTOLD: Mapping[str, Any] = {
    "search": NO_SEARCH,
    "trajectory": TrajectorySettings(points=0, architectures=SIZE),
}
_PARTS: Mapping[str, type[Any]] = {
    "description": str,
    **dict.fromkeys(_SECTIONS, dict),
    "methods": dict,
}


def _extended(values: dict[str, Any]) -> dict[str, Any]:
    """Return a preset's values with those of the preset that it extends."""
    extends = values.pop("extends", None)
    if extends is None:
        return values
    if extends not in preset_names():
        raise unknown_name("preset to extend", str(extends), preset_names())
    return _merged(_extended(_FILES.values(extends)), values)


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of which some are replaced, section by section."""
    merged = dict(below)
    for name, value in above.items():
        inner = merged.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            merged[name] = _merged(inner, value)
        else:
            merged[name] = value
    return merged


def _task(name: str, values: Mapping[str, Any]) -> Task:
    """Return the task that a preset's values describe."""
    for part in values:
        if part not in _PARTS:
            raise unknown_name("part", part, _PARTS)
    for part, kind in _PARTS.items():
        _check_kind(values, part, kind)
    for method in values["methods"]:
        _check_kind(values["methods"], method, dict, "methods.")
    sections = {
        section: read_settings(kind, values[section], f"[{section}]")
        for section, kind in _SECTIONS.items()
    }
    return Task(name, values["description"], methods=values["methods"], **sections)


def _check_kind(values: Mapping[str, Any], part: str, kind: type[Any], parent: str = "") -> None:
    """Check that a part is there, and a text or a section as it should be."""
    if part not in values:
        raise InputError(f"{part} is missing: give it")
    if not isinstance(values[part], kind):
        what = "a section" if kind is dict else "a text in quotes"
        raise InputError(f"{parent}{part} is {values[part]!r}: it must be {what}")
