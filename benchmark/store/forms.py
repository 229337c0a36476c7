"""The forms of what a record holds beside its scores, for records that a stranger may have written.

What is named here must have its form where it is there; other names may hold any plain value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from benchmark.errors import InputError
from benchmark.space import EDGES, OPERATIONS

Form = Callable[[Any, str], None]


def check_forms(contents: Mapping[str, Any]) -> None:
    """Check the task, budget, trace and provenance of a record.

    Raises:
        InputError: Something is of another form; the message says what and where.

    Example:
        >>> check_forms({"trace": {"losses": {"root": [2.3, "low"]}}})
        Traceback (most recent call last):
        benchmark.errors.InputError: trace.losses.root[1] is 'low': it must be a number
    """
    _RECORD(contents, "")


def check_split(told: Any) -> None:
    """Check what a trace tells of one split.

    Raises:
        InputError: It is of another form.

    Example:
        >>> check_split({"node": "root", "edge": "0→1", "groups": [["none"], ["skip_connect"]]})
    """
    _SPLIT(told, "split")


def _of(kinds: type | tuple[type, ...], name: str) -> Form:
    def check(value: Any, where: str) -> None:
        # a truth value is an int to Python alone
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise InputError(f"{where} is {value!r:.60}: it must be {name}")

    return check


def _one_of(choices: Collection[str]) -> Form:
    def check(value: Any, where: str) -> None:
        if value not in choices:
            raise InputError(
                f"{where} is {value!r:.60}: it must be one of {', '.join(sorted(choices))}"
            )

    return check


def _or_none(form: Form) -> Form:
    def check(value: Any, where: str) -> None:
        if value is not None:
            form(value, where)

    return check


def _list(form: Form, length: int | None = None) -> Form:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or length not in (None, len(value)):
            size = "" if length is None else f" of {length}"
            raise InputError(f"{where} is {value!r:.60}: it must be a list{size}")
        for place, item in enumerate(value):
            form(item, f"{where}[{place}]")

    return check


def _named(form: Form) -> Form:
    def check(value: Any, where: str) -> None:
        _MAPPING(value, where)
        for name, item in value.items():
            form(item, f"{where}.{name:.40}")

    return check


def _parts(needed: Mapping[str, Form], optional: Mapping[str, Form] | None = None) -> Form:
    def check(value: Any, where: str) -> None:
        _MAPPING(value, where)
        for name in needed:
            if name not in value:
                raise InputError(f"{where} lacks {name}")
        for name, form in {**needed, **(optional or {})}.items():
            if name in value:
                form(value[name], f"{where}.{name}" if where else name)

    return check


_MAPPING = _of(Mapping, "a mapping")
_TEXT = _of(str, "a text")
_COUNT = _of(int, "a whole number")
_NUMBER = _of((int, float), "a number")
_OPERATIONS = _list(_one_of(OPERATIONS))
_EDGE = _one_of(["{}→{}".format(*edge) for edge in EDGES])

_SPLIT = _parts(
    {"node": _TEXT, "edge": _EDGE, "groups": _list(_OPERATIONS)},
    {"separated": _NUMBER, "distances": _named(_list(_list(_NUMBER)))},
)
_SELECTED = _parts({"architecture": _TEXT, "score": _NUMBER})
_LEAF = _parts(
    {
        "node": _TEXT,
        "operations": _list(_OPERATIONS, len(EDGES)),
        "architectures": _COUNT,
        "steps": _COUNT,
    },
    {"selected": _SELECTED},
)
_RECORD = _parts(
    {},
    {
        "task": _parts(
            {},
            {
                "training": _parts(
                    {}, {"budget": _of((int, str), "a number or schedule"), "batch_size": _COUNT}
                ),
                "scoring": _parts({}, {"images": _COUNT, "score": _TEXT, "batch_norm": _TEXT}),
                "options": _MAPPING,
            },
        ),
        "budget": _parts(
            {}, {"budget": _COUNT, "spent": _COUNT, "scored": _COUNT, "parts": _named(_COUNT)}
        ),
        "trace": _parts(
            {},
            {
                "splits": _list(_SPLIT),
                "leaves": _list(_LEAF),
                "losses": _named(_list(_NUMBER)),
                "levels": _list(_named(_COUNT)),
                "choice": _SELECTED,
            },
        ),
        "provenance": _parts(
            {},
            {
                "seconds": _or_none(_NUMBER),
                "commit": _or_none(_TEXT),
                "device": _TEXT,
                "libraries": _named(_or_none(_TEXT)),
                "streams": _named(_TEXT),
            },
        ),
    },
)
