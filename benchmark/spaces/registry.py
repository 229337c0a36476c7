"""The search spaces by name; a new one is two folders, here and with the supernets, and a line.

A space is imported when it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmark.errors import unknown_name

if TYPE_CHECKING:
    from benchmark.spaces.base import Space

SPACES: Mapping[str, str] = MappingProxyType(
    {
        "nb201": "benchmark.spaces.nb201.space:NasBench201",
        "size": "benchmark.spaces.size.space:SizeSpace",
        "macro": "benchmark.spaces.macro.space:NasBenchMacro",
        "mobilenet": "benchmark.spaces.mobilenet.space:MobileNetSpace",
        "accel": "benchmark.spaces.accel.space:AccelSpace",
        "darts": "benchmark.spaces.darts.space:DartsCells",
    }
)
"""Name, module and class of each space."""


@cache
def open_space(name: str) -> Space:
    """Return the space of a name, the same instance at every call.

    Example:
        >>> open_space("nb201").size
        15625
    """
    if name not in SPACES:
        raise unknown_name("space", name, SPACES)
    module, _, cls = SPACES[name].partition(":")
    space: Space = getattr(import_module(module), cls)()
    return space
