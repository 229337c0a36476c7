"""What every method must keep to in every space that has a supernet, with every kind of base."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from baselines.method import Outcome
from baselines.registry import METHODS, method_class
from baselines.supernets.registry import FAMILIES
from baselines.training import base_class
from benchmark.budget import Ledger
from benchmark.records.schema import check_split
from benchmark.spaces.base import Codes
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.splits import ROOT, subspaces_of
from benchmark.spaces.subspaces.subspace import Subspace, scoring_leaves
from tests.unit.baselines.reference.tiny_spaces import SCALES, codes_of
from tests.unit.baselines.tiny import BATCH, OPTIONS, SPLITTING, tiny_experiment, tiny_search

TRAINED = [name for name, method in METHODS.items() if not method.reference]
BASES = ["rsps", "darts", "snas"]
SPACES = [name for name in FAMILIES if name != "accel"]  # which has no supernet
STEPS = 24

# What may be split: few decisions, so that matching is short.
AMONG: Mapping[str, list[str]] = {
    "nb201": ["0→*"],
    "size": ["layer1", "layer4"],
    "darts": ["normal ?→2"],
    "macro": ["stage1.1", "stage2.?"],
    "mobilenet": ["stage1.1", "stage1.2"],
}


# What is run by default where each run takes seconds; elsewhere each method has one base.
SLOW: Mapping[str, set[tuple[str, str]]] = {
    "darts": {("few-shot", "rsps"), ("gm-random", "darts")},
    "mobilenet": {("one-shot", "snas"), ("gm", "rsps")},
}


def is_usual(space: str, method: str, base: str) -> bool:
    if space in SLOW:
        return (method, base) in SLOW[space]
    return (SPACES.index(space) + TRAINED.index(method) - BASES.index(base)) % len(BASES) == 0


CASES = [
    pytest.param(*case, marks=() if is_usual(*case) else pytest.mark.nightly)
    for case in product(SPACES, TRAINED, BASES)
]


def options_of(method: str, space: str) -> Mapping[str, Any]:
    opened = open_space(space)
    fewest = int(opened.n_options.argmin()) if space != "darts" else 0
    splitting = {**SPLITTING, "groups": [2], "among": AMONG[space]}
    options: dict[str, Mapping[str, Any]] = {
        "one-shot": {"epochs": []},
        "few-shot": {"warm_up": 0.2, "epochs": [], "decisions": [fewest]},
        "gm": {**splitting, "partition": "gradient"},
        "gm-random": splitting,
    }
    return options[method]


def candidates_of(space: str) -> Codes:
    """Return a dozen codes, of which some are one function where the space has such."""
    opened = open_space(space)
    drawn = opened.sample(10)
    same = opened.canonical(drawn)
    return np.unique([*drawn[:9].tolist(), *same[:4].tolist()])


@cache
def finished(space: str, method: str, base: str) -> tuple[Outcome, Ledger]:
    experiment = tiny_experiment(
        space=open_space(space),
        scale=SCALES[space],
        candidates=candidates_of(space),
        search=tiny_search(base, drawn=20),
        budget=STEPS * BATCH,
    )
    return method_class(method)(options_of(method, space)).run(experiment), experiment.ledger


def test_every_space_is_tried() -> None:
    assert set(AMONG) == set(SPACES)
    assert {*SPACES, "accel"} == set(FAMILIES)
    assert {*TRAINED} == {"one-shot", "few-shot", "gm", "gm-random"}


@pytest.mark.parametrize(("space", "method", "base"), CASES)
def test_a_method_trains_and_scores(space: str, method: str, base: str) -> None:
    outcome, ledger = finished(space, method, base)
    opened, codes = open_space(space), candidates_of(space)
    assert outcome.scores.shape == codes.shape
    assert np.isfinite(outcome.scores).all()
    _, first, function = np.unique(opened.canonical(codes), return_index=True, return_inverse=True)
    np.testing.assert_array_equal(outcome.scores, outcome.scores[first][function])
    assert 0 <= ledger.left < base_class(base).passes * BATCH
    assert json.loads(json.dumps(outcome.trace, allow_nan=False)) == outcome.trace

    splits, leaves = outcome.trace["splits"], outcome.trace["leaves"]
    for split in splits:
        check_split(split, opened)
    nodes = subspaces_of(splits, opened)
    found = [nodes[leaf["node"]] for leaf in leaves]
    assert {leaf["node"] for leaf in leaves} | {one["node"] for one in splits} == set(nodes)
    assert [leaf["options"] for leaf in leaves] == [subspace.to_lists() for subspace in found]
    assert [leaf["architectures"] for leaf in leaves] == [subspace.size for subspace in found]
    assert sum(leaf["architectures"] for leaf in leaves) == Subspace.whole(opened).size
    assert (ROOT in {leaf["node"] for leaf in leaves}) == (method == "one-shot")
    owners = scoring_leaves(found, codes)
    for number, leaf in enumerate(leaves):
        assert leaf["steps"] > 0
        if "selected" in leaf:
            place = codes.tolist().index(opened.parse(leaf["selected"]["architecture"]))
            assert owners[place] == number
            assert leaf["selected"]["score"] == outcome.scores[place]


@pytest.mark.parametrize("space", FAMILIES)
@pytest.mark.parametrize("method", ["random", "flops", "synflow", "az-nas"])
def test_the_trace_of_what_trains_nothing_is_plain_json(method: str, space: str) -> None:
    codes = np.sort(codes_of(space))
    experiment = tiny_experiment(space=open_space(space), scale=SCALES[space], candidates=codes)
    trace = method_class(method)(OPTIONS.get(method, {})).run(experiment).trace
    assert json.loads(json.dumps(trace, allow_nan=False)) == trace
