"""What trainings must have in common to stand in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.records import digest
from benchmark.tasks.protocol import completed


def same_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether trainings of two builds may stand in one table.

    A build that is older than a setting of protocols has the neutral value of it.
    """
    whole = ({**settings, "protocol": completed(settings["protocol"])} for settings in (one, other))
    return digest(next(whole)) == digest(next(whole))


def difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """Say which setting of some trainings differs first.

    Example:
        >>> difference({"training": {"epochs": 1}}, {"training": {"epochs": 2}})
        'their training.epochs is 1, not 2'
    """
    here, there = _flat(ours), _flat(theirs)
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            return f"their {name} is {there.get(name)!r:.60}, not {here.get(name)!r:.60}"
    return "their settings differ"


def _flat(values: Mapping[str, Any], parent: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{parent}{name}.")
        else:
            found[f"{parent}{name}"] = value
    return found
