from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.splits import named_split, subspaces_of
from benchmark.spaces.subspaces.subspace import Subspace

SPACE = open_space("nb201")
FIRST = SPACE.decisions[0]
HALVES = [["none", "nor_conv_3x3"], ["skip_connect", "nor_conv_1x1", "avg_pool_3x3"]]
BOTH = [f"{one} & {two}" for one in FIRST.options for two in FIRST.options]
ROOT: dict[str, Any] = {"node": "root", "decisions": ["0→1"], "groups": HALVES}
JOINT = {"node": "root", "decisions": ["0→1", "2→3"], "groups": [BOTH[:4], BOTH[4:]]}


def test_every_node_of_a_tree_has_its_subspace() -> None:
    inner = {"node": "root.1", "decisions": ["2→3"], "groups": HALVES}
    found = subspaces_of([ROOT, inner], SPACE)
    assert list(found) == ["root", "root.0", "root.1", "root.1.0", "root.1.1"]
    assert found["root"] == Subspace.whole(SPACE)
    assert found["root.0"].to_lists()[0] == HALVES[0]
    lists = found["root.1.1"].to_lists()
    assert [set(lists[0]), set(lists[5])] == [set(HALVES[1]), set(HALVES[1])]
    assert sum(found[leaf].size for leaf in ("root.0", "root.1.0", "root.1.1")) == SPACE.size


def test_options_taken_together_are_named_together() -> None:
    found = subspaces_of([JOINT], SPACE)
    choices = SPACE.decode(SPACE.all_codes())
    names = [f"{FIRST.options[row[0]]} & {FIRST.options[row[5]]}" for row in choices]
    expected = np.isin(names, BOTH[:4])
    np.testing.assert_array_equal(found["root.0"].contains(SPACE.all_codes()), expected)


@pytest.mark.parametrize("split", [ROOT, JOINT])
def test_names_are_those_that_a_subspace_writes(split: dict[str, Any]) -> None:
    whole = Subspace.whole(SPACE)
    decisions, groups = named_split(whole, split)
    names = [[whole.names(decisions, option) for option in group] for group in groups]
    assert names == split["groups"]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ([ROOT, ROOT], "root is split, but is no leaf"),
        ([{**ROOT, "node": "root.2"}], "root.2 is split, but is no leaf"),
        ([{**ROOT, "decisions": ["0→4"]}], "unknown decision of NAS-Bench-201 '0→4'"),
        ([{**ROOT, "groups": [["non"], ["none"]]}], "unknown option of 0→1 'non'"),
        ([{**ROOT, "groups": [["none"], ["nor_conv_1x1"]]}], "do not divide the options"),
    ],
)
def test_what_is_no_tree_is_refused(splits: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        subspaces_of(splits, SPACE)
