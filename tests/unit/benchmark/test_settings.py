from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Meta

from benchmark.errors import InputError
from benchmark.settings import Count, Fraction, NonNegative, read_settings


@dataclass(frozen=True)
class Sample:
    """One field of each kind."""

    count: Count
    edge: Annotated[int, Meta(ge=0, le=5)]
    share: Fraction
    rate: NonNegative
    shift: float
    name: str
    flag: bool
    side: Literal["left", "right"]
    level: Literal[1, 2]
    width: Count = 7
    depth: int = field(default_factory=lambda: 8)


GOOD: dict[str, Any] = {
    "count": 1,
    "edge": 5,
    "share": 0.25,
    "rate": 1e30,
    "shift": -2.5,
    "name": "",
    "flag": False,
    "side": "left",
    "level": 2,
}
FLOATS = ["share", "rate", "shift"]  # where an integer becomes a float
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.integers(),
    st.floats(),
    st.floats(-1, 2),
    st.text(),
    st.sampled_from(["left", "right", "LEFT", 1.0]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(), st.integers(), max_size=2),
)


def read(**changes: Any) -> dict[str, Any]:
    return asdict(read_settings(Sample, GOOD | changes, "[sample]"))


def fault(values: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        read_settings(Sample, values, "[sample]")
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def fits(name: str, value: Any) -> bool:
    """Say whether a value may stand in a field, case by case."""
    is_number = type(value) in (int, float) and math.isfinite(value)
    match name:
        case "count" | "width":
            return type(value) is int and value >= 1
        case "edge":
            return type(value) is int and value in [0, 1, 2, 3, 4, 5]
        case "depth":
            return type(value) is int
        case "share":
            return is_number and value >= 0 and value <= 1
        case "rate":
            return is_number and value >= 0
        case "shift":
            return is_number
        case "name":
            return isinstance(value, str)
        case "flag":
            return value is True or value is False
        case "side":
            return isinstance(value, str) and value in ["left", "right"]
        case "level":
            return type(value) is int and value in [1, 2]
    raise AssertionError(name)


def test_what_fits_comes_back_with_the_defaults() -> None:
    assert read() == {**GOOD, "width": 7, "depth": 8}
    assert read(width=2, depth=-1) == {**GOOD, "width": 2, "depth": -1}


@given(name=st.sampled_from([*GOOD, "width", "depth"]), value=ANYTHING)
@example(name="share", value=1)
def test_any_value_fits_or_is_refused_in_one_line(name: str, value: Any) -> None:
    if fits(name, value):
        came = read(**{name: value})[name]
        expected = float(value) if name in FLOATS else value
        assert (type(came), came) == (type(expected), expected)
    else:
        message = fault(GOOD | {name: value})
        assert message.startswith(f"[sample] {name} is {value!r:.80}: ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 0}, "count is 0: it must be 1 or more"),
        ({"count": True}, "count is True: it must be a whole number"),
        ({"count": 1.0}, "count is 1.0: it must be a whole number"),
        ({"count": "1"}, "count is '1': it must be a whole number"),
        ({"count": None}, "count is None: it must be a whole number"),
        ({"edge": -1}, "edge is -1: it must be from 0 to 5"),
        ({"edge": 6}, "edge is 6: it must be from 0 to 5"),
        ({"share": 1.001}, "share is 1.001: it must be from 0 to 1"),
        ({"share": False}, "share is False: it must be a number"),
        ({"share": math.nan}, "share is nan: it must be finite"),
        ({"rate": math.inf}, "rate is inf: it must be finite"),
        ({"rate": 10**400}, f"rate is {str(10**400)[:80]}: it must be finite"),
        ({"shift": math.nan}, "shift is nan: it must be finite"),
        ({"shift": -math.inf}, "shift is -inf: it must be finite"),
        ({"shift": "a\nb"}, r"shift is 'a\nb': it must be a number"),
        ({"name": 3}, "name is 3: it must be a text in quotes"),
        ({"flag": 1}, "flag is 1: it must be true or false"),
        ({"side": "up"}, "side is 'up': choose from left, right"),
        ({"side": ["left"]}, "side is ['left']: choose from left, right"),
        ({"level": 3}, "level is 3: choose from 1, 2"),
        ({"level": True}, "level is True: choose from 1, 2"),
        ({"level": 1.0}, "level is 1.0: choose from 1, 2"),
    ],
)
def test_a_message_says_what_would_fit(changes: dict[str, Any], message: str) -> None:
    assert fault(GOOD | changes) == f"[sample] {message}"


@pytest.mark.parametrize("name", GOOD)
def test_a_field_without_default_must_be_given(name: str) -> None:
    values = {key: value for key, value in GOOD.items() if key != name}
    assert fault(values) == f"[sample] lacks {name}: give it"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cuont", "did you mean 'count'? "), ("Rate", "did you mean 'rate'? "), ("#\n#", "")],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, hint: str) -> None:
    choices = ", ".join([*GOOD, "width", "depth"])
    expected = f"unknown setting of [sample] {name!r}: {hint}choose from {choices}"
    assert fault({**GOOD, name: 1}) == expected


def test_the_values_are_left_alone() -> None:
    values = GOOD | {"share": 1}
    before = dict(values)
    read_settings(Sample, values, "[sample]")
    assert values == before
    assert type(values["share"]) is int


@dataclass(frozen=True)
class Lists:
    numbers: tuple[Annotated[int, Meta(ge=1, le=9)], ...]
    budget: Annotated[int, Meta(ge=1)] | Literal["schedule"]
    names: Annotated[tuple[str | int, ...], Meta(min_length=1)] = ("a",)


def test_lists_and_unions_are_read() -> None:
    assert read_settings(Lists, {"numbers": [3, 1], "budget": 7}, "[x]") == Lists((3, 1), 7)
    assert read_settings(Lists, {"numbers": [], "budget": "schedule"}, "[x]") == Lists(
        (), "schedule"
    )
    values = {"numbers": [], "budget": 1, "names": ["b", 2]}
    assert read_settings(Lists, values, "[x]").names == ("b", 2)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "names is []: it must be a list of 1 or more"),
        ("a", "names is 'a': it must be a list of 1 or more"),
        (["a", 1.5], "names[1] is 1.5: it must be a text in quotes, or a whole number"),
    ],
)
def test_a_list_that_may_not_be_empty_says_so(names: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_settings(Lists, {"numbers": [], "budget": 1, "names": names}, "[x]")
    assert str(caught.value) == f"[x] {message}"


@pytest.mark.parametrize(
    ("numbers", "budget", "message"),
    [
        (3, 1, "[x] numbers is 3: it must be a list"),
        ([3, 0], 1, "[x] numbers[1] is 0: it must be from 1 to 9"),
        (["3"], 1, "[x] numbers[0] is '3': it must be a whole number"),
        ([], 0, "[x] budget is 0: it must be 1 or more, or choose from schedule"),
        ([], "all", "[x] budget is 'all': it must be a whole number, or choose from schedule"),
    ],
)
def test_an_error_in_a_list_or_union_is_one_line(numbers: Any, budget: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_settings(Lists, {"numbers": numbers, "budget": budget}, "[x]")
    assert str(caught.value) == message
