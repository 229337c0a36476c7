from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from baselines.gm import Gm
from baselines.splitting import best_edge, best_partition
from benchmark.errors import InputError
from benchmark.space import EDGES, OPERATIONS, encode, is_connected
from tests.unit.baselines.conformance import TrainedConformance, cached_run
from tests.unit.baselines.stubs import stubbed_run
from tests.unit.baselines.tiny import OPTIONS

NAMES = ["{}→{}".format(*edge) for edge in EDGES]


class TestGm(TrainedConformance):
    method = Gm


def test_each_split_follows_from_its_distances() -> None:
    trace = cached_run(Gm).outcome.trace
    assert [split["node"] for split in trace["splits"]] == ["root", "root.0", "root.1"]
    for split in trace["splits"]:
        partitions = {
            NAMES.index(edge): best_partition(np.array(matrix), groups=2, min_size=2)
            for edge, matrix in split["distances"].items()
        }
        edge = best_edge(partitions)
        assert split["edge"] == NAMES[edge]
        assert split["separated"] == partitions[edge].separated > 0
        assert split["groups"] == [[OPERATIONS[op] for op in g] for g in partitions[edge].groups]


def test_a_lineage_never_splits_an_edge_twice() -> None:
    first, *others = cached_run(Gm).outcome.trace["splits"]
    assert list(first["distances"]) == NAMES
    for split in others:
        assert list(split["distances"]) == [name for name in NAMES if name != first["edge"]]


@pytest.mark.parametrize(("levels", "groups"), [(1, 2), (3, 2), (2, 3), (1, 5)])
def test_every_level_multiplies_the_leaves(levels: int, groups: int) -> None:
    options = {**OPTIONS["gm"], "levels": levels, "groups": groups, "min_size": 1}
    trace = stubbed_run(Gm, options, budget=4_000).outcome.trace
    assert len(trace["leaves"]) == groups**levels
    assert len(trace["splits"]) == sum(groups**level for level in range(levels))
    assert sum(leaf["architectures"] for leaf in trace["leaves"]) == 15625


def test_every_node_matches_on_batches_and_paths_of_its_own() -> None:
    run = stubbed_run(Gm, {**OPTIONS["gm"], "batches": 2})
    assert len(run.matched) == 3
    for matched in run.matched:
        assert len(matched.paths) == len(matched.batches) == 2
        assert matched.subspace.contains(encode(matched.paths)).all()
        assert is_connected(encode(matched.paths)).all()
    batches = [*(one.batches for one in run.matched), run.trained["root"].batches]
    assert len({one[0][0].numpy().tobytes() for one in batches}) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": 7}, "levels is 7: it must be from 1 to 6"),
        ({"groups": 1}, "groups is 1: it must be from 2 to 5"),
        ({"batches": 0}, "batches is 0: it must be 1 or more"),
        ({"between": -0.1}, "between is -0.1: it must be from 0 to 1"),
        ({"restart": "sometimes"}, "'sometimes': choose from never, always, last"),
    ],
)
def test_options_are_checked(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Gm({**OPTIONS["gm"], **change})
