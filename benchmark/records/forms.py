"""The forms of what a record holds beside its scores, for records that a stranger may have written.

What is named here must have its form where it is there; other names may hold any plain value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from benchmark.errors import InputError, readable
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE

MOST = 10**300  # of any number: a float holds its sums too

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
        if isinstance(value, (int, float)) and not -MOST <= value <= MOST:
            raise InputError(f"{where} is beyond {MOST:.0e}: it must be {name}")

    return check


def _within(low: int, high: int) -> Form:
    def check(value: Any, where: str) -> None:
        _COUNT(value, where)
        if not low <= value <= high:
            raise InputError(f"{where} is {value!r:.60}: it must be from {low} to {high}")

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


def _list(form: Form, length: int | None = None, least: int = 0) -> Form:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or length not in (None, len(value)) or len(value) < least:
            size = f" of {least} or more" if length is None and least else ""
            size = size if length is None else f" of {length}"
            raise InputError(f"{where} is {value!r:.60}: it must be a list{size}")
        for place, item in enumerate(value):
            form(item, f"{where}[{place}]")

    return check


def _named(form: Form, names: Form | None = None) -> Form:
    def check(value: Any, where: str) -> None:
        _MAPPING(value, where)
        for name, item in value.items():
            if names is not None:
                names(name, f"a name in {where}")
            form(item, f"{where}.{readable(name):.40}")

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


def _node(value: Any, where: str) -> None:
    """Check the name of a supernet: that of its parent, and its place among its siblings."""
    _TEXT(value, where)
    if not re.fullmatch(r"root(\.[0-9]{1,4}){0,6}", value):  # an edge is split once
        raise InputError(f"{where} is {value!r:.60}: it must be root, root.0, root.0.1 or the like")


def _trajectory(value: Any, where: str) -> None:
    """Check the scores of a sample at points of the budget, one an architecture at each."""
    _parts(
        {
            "codes": _list(_within(0, SIZE - 1), least=1),
            "points": _list(_parts({"spent": _COUNT, "scores": _list(_NUMBER)}), least=1),
        }
    )(value, where)
    for place, point in enumerate(value["points"]):
        if len(point["scores"]) != len(value["codes"]):
            raise InputError(
                f"{where}.points[{place}] has {len(point['scores'])} scores: it must have "
                f"{len(value['codes'])}, one a code"
            )


_MAPPING = _of(Mapping, "a mapping")
_TEXT = _of(str, "a text")
_COUNT = _of(int, "a whole number")
_NUMBER = _of((int, float), "a number")
_OPERATIONS = _list(_one_of(OPERATIONS))
_EDGE = _one_of(["{}→{}".format(*edge) for edge in EDGES])

_SPLIT = _parts(
    {"node": _node, "edge": _EDGE, "groups": _list(_OPERATIONS)},
    {
        "separated": _NUMBER,
        "distances": _named(_list(_list(_NUMBER))),
        "batches": _parts({"used": _COUNT, "planned": _COUNT}),
    },
)
_SELECTED = _parts({"architecture": _TEXT, "score": _NUMBER})
_LEAF = _parts(
    {
        "node": _node,
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
                "losses": _named(_list(_NUMBER, least=1), _node),
                "levels": _list(
                    _parts({"images": _COUNT, "matching": _COUNT}, {"supernets": _COUNT})
                ),
                "trajectory": _trajectory,
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
