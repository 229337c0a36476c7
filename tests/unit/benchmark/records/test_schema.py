"""Records have the entries that figures and tables rely on."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.records.schema import check_schema, check_split
from benchmark.spaces.registry import open_space

SPACE = open_space("nb201")
SPLIT = {"node": "root.0", "decisions": ["0→1"], "groups": [["none"], ["skip_connect"]]}
JOINT = {
    "node": "root",
    "decisions": ["0→1", "2→3"],
    "groups": [["none & none"], ["none & skip_connect", "skip_connect & none"]],
}
LEAF = {"node": "root", "options": [["none"]] * 6, "architectures": 1, "steps": 9}
POINT = {"spent": 64, "scores": [0.5, 1]}
TRACE: dict[str, Any] = {
    "splits": [JOINT, SPLIT],
    "leaves": [LEAF],
    "losses": {"root": [2.5], "root.0": [2.5, 1], "root.0.12": [0.0]},
    "levels": [{"supernets": 1, "images": 64, "matching": 0}],
    "trajectory": {"codes": [0, 15_624], "points": [POINT, POINT]},
}


def test_what_a_tree_writes_is_let_through() -> None:
    check_schema({"trace": TRACE}, SPACE)
    check_split(SPLIT, SPACE)
    check_split(JOINT, SPACE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": {"root.x": [1]}}, r"key in trace.losses: Expected `str` matching regex"),
        ({"losses": {"root.": [1]}}, "key in trace.losses: "),
        ({"losses": {"root.0\n": [1]}}, "key in trace.losses: "),
        ({"losses": {"root.٣": [1]}}, "key in trace.losses: "),
        ({"losses": {"root" + ".0" * 65: [1]}}, "key in trace.losses: "),
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
            {"splits": [{**SPLIT, "decisions": ["0→4"]}]},
            r"trace.splits\[0\]: unknown decision '0→4': did you mean '0→.'\? choose from 0→1, ",
        ),
        (
            {"splits": [{**SPLIT, "decisions": []}]},
            r"trace.splits\[0\].decisions: Expected `array` of length >= 1",
        ),
        (
            {"splits": [SPLIT, {**SPLIT, "groups": [["none"], ["nor"]]}]},
            r"trace.splits\[1\]: unknown option of 0→1 'nor': .*choose from none, skip_connect, ",
        ),
        (
            {"splits": [{**SPLIT, "groups": [["none & none"]]}]},
            r"trace.splits\[0\]: option 'none & none' must name one for each decision",
        ),
        (
            {"splits": [{**JOINT, "groups": [["none"]]}]},
            r"trace.splits\[0\]: option 'none' must name one for each decision that is split, joi",
        ),
        (
            {"splits": [{**JOINT, "groups": [["none & nor"]]}]},
            r"trace.splits\[0\]: unknown option of 2→3 'nor': ",
        ),
        (
            {"splits": [{**JOINT, "decisions": ["0→1", "3→2"]}]},
            r"trace.splits\[0\]: unknown decision '3→2': ",
        ),
        (
            {"leaves": [{**LEAF, "node": "leaf"}]},
            r"trace.leaves\[0\].node: Expected `str` matching",
        ),
        (
            {"leaves": [{**LEAF, "options": []}]},
            r"trace.leaves\[0\]: options are those of 0 decisions: there must be 6$",
        ),
        (
            {"leaves": [LEAF, {**LEAF, "options": [["none"]] * 5 + [["non"]]}]},
            r"trace.leaves\[1\]: unknown option of 2→3 'non': did you mean 'none'\?",
        ),
        (
            {"leaves": [{**LEAF, "options": ["none"] * 6}]},
            r"trace.leaves\[0\].options\[0\]: Expected `array`, got `str`",
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
        (
            {"trajectory": {"codes": [0, 2**63], "points": [POINT]}},
            r"trace.trajectory.codes\[1\]: Integer value out of range|Expected `int` <= ",
        ),
        ({"trajectory": {"codes": [], "points": [POINT]}}, "trace.trajectory.codes: Expected"),
        ({"trajectory": {"codes": [0, 1], "points": []}}, "trace.trajectory.points: Expected"),
        (
            {"trajectory": {"codes": [0, 15_625], "points": [POINT]}},
            r"trace.trajectory.codes: code 15625 is out of bounds: choose from 0 to 15624$",
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
        check_schema({"trace": TRACE | change}, SPACE)
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
        check_schema(contents, SPACE)


def test_a_split_alone_is_checked() -> None:
    with pytest.raises(InputError, match=r"^it: Object missing required field `decisions`"):
        check_split({"node": "root", "groups": []}, SPACE)
    with pytest.raises(InputError, match=r"^it: Expected `object`, got `int`"):
        check_split(3, SPACE)
    with pytest.raises(InputError, match=r"^it: unknown decision '1→0'"):
        check_split({**SPLIT, "decisions": ["1→0"]}, SPACE)


def test_names_are_those_of_the_space() -> None:
    macro = open_space("macro")
    names = [decision.name for decision in macro.decisions]
    options = [list(decision.options) for decision in macro.decisions]
    split = {"node": "root", "decisions": names[2:3], "groups": [options[2][:1], options[2][1:]]}
    leaf = {"node": "root.1", "options": options, "architectures": 9, "steps": 1}
    trace: dict[str, Any] = {
        "splits": [split],
        "leaves": [leaf],
        "trajectory": {"codes": [0, 6_560], "points": [POINT]},
    }
    check_schema({"trace": trace}, macro)
    with pytest.raises(InputError, match=rf"^trace.splits\[0\]: unknown decision '{names[2]}'"):
        check_schema({"trace": trace}, SPACE)
    with pytest.raises(InputError, match=r"^trace.splits\[0\]: unknown decision '0→1'"):
        check_schema({"trace": TRACE}, macro)
