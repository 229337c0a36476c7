"""Records have the entries that figures and tables rely on."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.records.schema import check_schema, check_split

SPLIT = {"node": "root.0", "edge": "0→1", "groups": [["none"], ["skip_connect"]]}
LEAF = {"node": "root", "operations": [["none"]] * 6, "architectures": 1, "steps": 9}
POINT = {"spent": 64, "scores": [0.5, 1]}
TRACE: dict[str, Any] = {
    "splits": [SPLIT],
    "losses": {"root": [2.5], "root.0": [2.5, 1], "root.0.12": [0.0]},
    "levels": [{"supernets": 1, "images": 64, "matching": 0}],
    "trajectory": {"codes": [0, 15_624], "points": [POINT, POINT]},
}


def test_what_a_tree_writes_is_let_through() -> None:
    check_schema({"trace": TRACE})
    check_split(SPLIT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": {"root.x": [1]}}, r"key in trace.losses: Expected `str` matching regex"),
        ({"losses": {"root.": [1]}}, "key in trace.losses: "),
        ({"losses": {"root.0\n": [1]}}, "key in trace.losses: "),
        ({"losses": {"root.٣": [1]}}, "key in trace.losses: "),
        ({"losses": {"root" + ".0" * 7: [1]}}, "key in trace.losses: "),
        ({"losses": {"root.99999": [1]}}, "key in trace.losses: "),
        ({"losses": {"root": []}}, r"trace.losses\[...\]: Expected `array` of length >= 1"),
        ({"losses": {"root": [10**400]}}, r"trace.losses\[...\]\[0\]: Number out of range"),
        (
            {"losses": {"root": [10**301]}},
            r"trace.losses\[...\]\[0\]: Expected `float` <= 1e\+?300",
        ),
        ({"losses": {"root": [True]}}, r"trace.losses\[...\]\[0\]: Expected `float`, got `bool`"),
        (
            {"splits": [{**SPLIT, "node": "$\\frac{"}]},
            r"trace.splits\[0\].node: Expected `str` matc",
        ),
        (
            {"splits": [{**SPLIT, "edge": "0→4"}]},
            r"trace.splits\[0\].edge: Expected `str` matching",
        ),
        (
            {"splits": [{**SPLIT, "groups": [["nor"]]}]},
            r"trace.splits\[0\].groups\[0\]\[0\]: Expected",
        ),
        (
            {"leaves": [{**LEAF, "node": "leaf"}]},
            r"trace.leaves\[0\].node: Expected `str` matching",
        ),
        (
            {"leaves": [{**LEAF, "operations": []}]},
            r"trace.leaves\[0\].operations: Expected `array` ",
        ),
        ({"leaves": [{**LEAF, "steps": -1}]}, r"trace.leaves\[0\].steps: Expected `int` >= 0"),
        ({"levels": [{}]}, r"trace.levels\[0\]: Object missing required field `images`"),
        (
            {"levels": [{"images": 3}]},
            r"trace.levels\[0\]: Object missing required field `matching`",
        ),
        ({"trajectory": 3}, "trace.trajectory: Expected `object`, got `int`"),
        (
            {"trajectory": {"codes": [0]}},
            "trace.trajectory: Object missing required field `points`",
        ),
        ({"trajectory": {"codes": [], "points": [POINT]}}, "trace.trajectory.codes: Expected"),
        ({"trajectory": {"codes": [0, 1], "points": []}}, "trace.trajectory.points: Expected"),
        (
            {"trajectory": {"codes": [0, 15_625], "points": [POINT]}},
            r"trace.trajectory.codes\[1\]: Expected `int` <= 15624",
        ),
        (
            {"trajectory": {"codes": [-1, 0], "points": [POINT]}},
            r"trace.trajectory.codes\[0\]: Expected `int` >= 0",
        ),
        (
            {"trajectory": {"codes": [0], "points": [POINT]}},
            "trace.trajectory: point 0 has 2 scores for 1 codes",
        ),
    ],
)
def test_another_type_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}") as caught:
        check_schema({"trace": TRACE | change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"trace": []}, "trace: Expected `object`, got `array`"),
        ({"task": {"training": {"budget": "half"}}}, "task.training.budget: Invalid enum value"),
        (
            {"task": {"scoring": {"candidates": [1.5]}}},
            r"task.scoring.candidates\[0\]: Expected `in",
        ),
        ({"task": {"search": {"base": 3}}}, "task.search.base: Expected `str`, got `int`"),
        ({"budget": {"parts": {"a": 1.5}}}, r"budget.parts\[...\]: Expected `int`, got `float`"),
        (
            {"provenance": {"libraries": {"torch": 2}}},
            r"provenance.libraries\[...\]: Expected `str",
        ),
    ],
)
def test_other_entries_are_checked_too(contents: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        check_schema(contents)


def test_a_split_alone_is_checked() -> None:
    with pytest.raises(InputError, match=r"^it: Object missing required field `edge`"):
        check_split({"node": "root", "groups": []})
    with pytest.raises(InputError, match=r"^it: Expected `object`, got `int`"):
        check_split(3)
