"""Frozen dataclasses of settings, read from mappings and checked by name, type and range.

A field of type ``Annotated[int, Range(1)]`` is an integer of at least 1; a ``Literal`` lists its
choices; ``tuple[int, ...]`` is a list, and a union takes what any of its types takes. What a
preset's file or the command line says goes through `read_settings`, once.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from benchmark.errors import InputError, unknown_name

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Range:
    """The bounds of a number, both included.

    Attributes:
        low: The least value.
        high: The greatest value.
    """

    low: float = -math.inf
    high: float = math.inf

    def __str__(self) -> str:
        """Say the bounds in words."""
        if self.high == math.inf:
            return f"{self.low:g} or more"
        return f"from {self.low:g} to {self.high:g}"


Count = Annotated[int, Range(1)]
Fraction = Annotated[float, Range(0, 1)]
NonNegative = Annotated[float, Range(0)]


def read_settings(kind: type[Settings], values: Mapping[str, Any], where: str) -> Settings:
    """Build a dataclass of settings from plain values.

    Args:
        kind: The dataclass; a field without a default must be among the values.
        values: Plain values by field name.
        where: What is being read, for messages.

    Returns:
        The settings.

    Raises:
        InputError: A name, type or value does not fit; the message says what would.

    Example:
        >>> @dataclass(frozen=True)
        ... class Speed:
        ...     jobs: Count = 1
        >>> read_settings(Speed, {"jobs": 0}, "[speed]")
        Traceback (most recent call last):
        benchmark.errors.InputError: [speed] jobs is 0: it must be 1 or more
    """
    hints = get_type_hints(kind, include_extras=True)
    known = fields(kind)  # type: ignore[arg-type]
    for name in values:
        if not known:
            raise InputError(f"{where} takes no settings, but has {name!r}: leave it out")
        if name not in [field.name for field in known]:
            raise unknown_name(f"setting of {where}", name, [field.name for field in known])
    read = {}
    for field in known:
        if field.name in values:
            read[field.name] = _checked(values[field.name], hints[field.name], where, field.name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"{where} lacks {field.name}: give it")
    return kind(**read)


def _checked(value: Any, hint: Any, where: str, name: str) -> Any:
    """Return a value as its field's type if it fits."""
    what = f"{where} {name} is {value!r}"
    if get_origin(hint) in (Union, UnionType):
        return _one_of(value, get_args(hint), where, name)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise InputError(f"{what}: it must be a list")
        item, _ = get_args(hint)
        return tuple(_checked(one, item, where, f"{name}[{n}]") for n, one in enumerate(value))
    if get_origin(hint) is Literal:
        if not any(type(value) is type(one) and value == one for one in get_args(hint)):
            raise InputError(f"{what}: choose from {', '.join(map(str, get_args(hint)))}")
        return value
    bounds = Range()
    if get_origin(hint) is Annotated:
        hint, bounds = get_args(hint)
    if type(value) is not hint and not (hint is float and type(value) is int):
        raise InputError(f"{what}: it must be of type {hint.__name__}")
    if hint is float and not abs(value) <= sys.float_info.max:  # NaN compares with nothing
        raise InputError(f"{what}: it must be finite")
    if hint in (int, float) and not bounds.low <= value <= bounds.high:
        raise InputError(f"{what}: it must be {bounds}")
    return float(value) if hint is float else value


def _one_of(value: Any, hints: Sequence[Any], where: str, name: str) -> Any:
    """Return a value as the first of several types that it fits."""
    faults = []
    for hint in hints:
        try:
            return _checked(value, hint, where, name)
        except InputError as error:
            faults.append(str(error))
    raise InputError(f"{faults[0]}, or {faults[-1].rpartition(': ')[2]}")
