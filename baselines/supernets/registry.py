"""The families of networks by the name of their space; a new one is a folder here and a line."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from baselines.supernets.base import Family
from benchmark.errors import InputError
from benchmark.spaces.base import Space

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "nb201": "nb201.family:CellFamily",
        "size": "size.family:SizeFamily",
        "darts": "darts.family:GenotypeFamily",
        "macro": "macro.family:MacroFamily",
        "mobilenet": "mobilenet.family:MobileNetFamily",
        "accel": "accel.family:AccelFamily",
    }
)
"""Name of the space, module below this package, and class."""


def family_of(space: Space) -> Family:
    """Return the networks of a space.

    Raises:
        InputError: It has none, only tables.
    """
    return _open(space.name)


@cache
def _open(name: str) -> Family:
    if name not in FAMILIES:
        raise InputError(
            f"space {name} has no networks here, only tables: choose from {', '.join(FAMILIES)}"
        )
    module, _, cls = FAMILIES[name].partition(":")
    family: Family = getattr(import_module(f"baselines.supernets.{module}"), cls)()
    return family
