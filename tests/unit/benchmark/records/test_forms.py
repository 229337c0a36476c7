"""What a stranger's record tells of its tree has the form that figures and tables rely on."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.records.forms import check_forms, check_split

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
    check_forms({"trace": TRACE})
    check_split(SPLIT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": {"root.x": [1]}}, "a name in trace.losses is 'root.x': it must be root"),
        ({"losses": {"root.": [1]}}, "a name in trace.losses is 'root.'"),
        ({"losses": {"root.0\n": [1]}}, "a name in trace.losses is"),
        ({"losses": {"root.٣": [1]}}, "a name in trace.losses is"),
        ({"losses": {"root" + ".0" * 7: [1]}}, "a name in trace.losses is"),
        ({"losses": {"root.99999": [1]}}, "a name in trace.losses is"),
        ({"losses": {"root": []}}, r"trace.losses.root is \[\]: it must be a list of 1 or more"),
        ({"losses": {"root": [10**400]}}, r"trace.losses.root\[0\] is beyond 1e\+300"),
        ({"splits": [{**SPLIT, "node": "$\\frac{"}]}, r"trace.splits\[0\].node is '\$"),
        ({"leaves": [{**LEAF, "node": "leaf"}]}, r"trace.leaves\[0\].node is 'leaf'"),
        ({"levels": [{}]}, r"trace.levels\[0\] lacks images"),
        ({"levels": [{"images": 3}]}, r"trace.levels\[0\] lacks matching"),
        ({"trajectory": 3}, "trace.trajectory is 3: it must be a mapping"),
        ({"trajectory": {"codes": [0]}}, "trace.trajectory lacks points"),
        ({"trajectory": {"codes": [], "points": [POINT]}}, "trace.trajectory.codes is"),
        ({"trajectory": {"codes": [0, 1], "points": []}}, "trace.trajectory.points is"),
        (
            {"trajectory": {"codes": [0, 15_625], "points": [POINT]}},
            r"trace.trajectory.codes\[1\] is 15625: it must be from 0 to 15624",
        ),
        (
            {"trajectory": {"codes": [-1, 0], "points": [POINT]}},
            r"trace.trajectory.codes\[0\] is -1",
        ),
        (
            {"trajectory": {"codes": [0], "points": [POINT]}},
            r"trace.trajectory.points\[0\] has 2 scores: it must have 1, one a code",
        ),
    ],
)
def test_another_form_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        check_forms({"trace": TRACE | change})
