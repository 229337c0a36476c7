"""Settings as frozen dataclasses, read from plain values.

msgspec converts each value to its field's type: ``Annotated[int, Meta(ge=1)]`` is an integer of at
least 1, a ``Literal`` lists its choices, a tuple is read from a list. Preset files, ``--set`` and
the options of methods all go through `read_settings`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, inspect

from benchmark.errors import InputError, unknown_name

Settings = TypeVar("Settings")

Count = Annotated[int, Meta(ge=1)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
NonNegative = Annotated[float, Meta(ge=0)]


def read_settings(kind: type[Settings], values: Mapping[str, Any], where: str = "") -> Settings:
    """Build a dataclass of settings from plain values by field name.

    A field that is a dataclass itself is a section; ``where`` says for messages what is being read.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Speed:
        ...     jobs: Count = 1
        >>> read_settings(Speed, {"jobs": 0}, "[speed]")
        Traceback (most recent call last):
        benchmark.errors.InputError: [speed] jobs is 0: it must be 1 or more
    """
    hints = get_type_hints(kind, include_extras=True)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if not known:
            raise InputError(f"{where} takes no settings, but has {name!r}: leave it out")
        if name not in known:
            raise unknown_name(f"setting of {where}" if where else "section", name, known)
    for name, field in known.items():
        is_required = field.default is MISSING and field.default_factory is MISSING
        if is_required and name not in values:
            raise InputError(
                f"{where} lacks {name}: give it" if where else f"{name} is missing: give it"
            )
    return kind(**{name: _read(hints[name], value, where, name) for name, value in values.items()})


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the settings in which nested mappings differ, with the values of both."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in dict.fromkeys([*one, *other]):
        mine, theirs = one.get(name), other.get(name)
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            inner = differences(mine, theirs)
            found |= {f"{name}.{setting}": values for setting, values in inner.items()}
        elif mine != theirs:
            found[name] = (mine, theirs)
    return found


def _read(hint: Any, value: Any, where: str, name: str) -> Any:
    """Return one value as its field's type."""
    what = f"{where} {name}".strip()
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise InputError(f"{what} is {value!r:.80}: it must be a section")
        return read_settings(hint, value, f"[{name}]")  # type: ignore[arg-type]
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{what} is {value}: it must be finite")
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        wanted, place = inspect.type_info(hint), ""
        index = str(error).rpartition("$[")[2].partition("]")[0]
        if index.isdecimal():  # an item of a list
            value, place = value[int(index)], f"[{index}]"
            wanted = next(one for one in _kinds(wanted) if isinstance(one, inspect.VarTupleType))
            wanted = wanted.item_type
        is_huge = str(error).startswith("Number out of range")  # an integer beyond all floats
        fault = "it must be finite" if is_huge else _wanted(wanted, value)
        raise InputError(f"{what}{place} is {value!r:.80}: {fault}") from error


def _kinds(wanted: inspect.Type) -> Sequence[inspect.Type]:
    """Return the members of a union, its choices last."""
    if not isinstance(wanted, inspect.UnionType):
        return (wanted,)
    return sorted(wanted.types, key=lambda one: isinstance(one, inspect.LiteralType))


def _wanted(wanted: inspect.Type, value: object) -> str:
    """Return what a setting must be, where ``value`` is not."""
    clauses = []
    for one in _kinds(wanted):
        match one:
            case inspect.LiteralType():
                clauses.append(f"choose from {', '.join(map(str, one.values))}")
            case inspect.IntType() if type(value) is int:
                clauses.append(f"it must be {_bounds(one)}")
            case inspect.FloatType() if type(value) in (int, float):
                clauses.append(f"it must be {_bounds(one)}")
            case inspect.VarTupleType(min_length=int(least)):
                clauses.append(f"it must be a list of {least} or more")
            case inspect.DictType() if isinstance(one.value_type, inspect.AnyType):
                clauses.append("it must be a section")
            case _:
                clauses.append(f"it must be {_WORDS[type(one)]}")
    return ", or ".join([clauses[0], *(text.removeprefix("it must be ") for text in clauses[1:])])


def _bounds(one: inspect.IntType | inspect.FloatType) -> str:
    return f"{one.ge:g} or more" if one.le is None else f"from {one.ge:g} to {one.le:g}"


_WORDS: Mapping[type, str] = {
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.StrType: "a text in quotes",
    inspect.BoolType: "true or false",
    inspect.VarTupleType: "a list",
    inspect.DictType: "a section of sections",
}
