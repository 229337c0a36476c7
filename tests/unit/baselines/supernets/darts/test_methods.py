"""Methods on DARTS's space, from training to what a leaf selects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from baselines.method import Outcome
from baselines.registry import method_class
from benchmark.spaces.darts.complexity import DartsScale
from benchmark.spaces.subspaces.splits import subspaces_of
from benchmark.spaces.subspaces.subspace import owner
from benchmark.tasks.sections import SelectionSettings
from tests.unit.baselines.supernets.darts.conftest import SPACE
from tests.unit.baselines.tiny import BATCH, SPLITTING, tiny_experiment, tiny_search

SCALE = DartsScale(channels=2, cells=3, resolution=8, input_channels=1)
CANDIDATES = np.sort(SPACE.sample(8))
STEPS = 40
OPTIONS: dict[str, dict[str, Any]] = {
    "one-shot": {"epochs": []},
    "few-shot": {"warm_up": 0.5, "epochs": [], "decisions": ["normal 0→2"]},
    "gm": {**SPLITTING, "partition": "gradient", "groups": [2], "among": ["normal ?→3"]},
    "gm-random": {**SPLITTING, "groups": [2], "among": ["normal ?→3"]},
}


def run(method: str, base: str, by: str = "candidates") -> Outcome:
    experiment = tiny_experiment(
        space=SPACE,
        scale=SCALE,
        candidates=CANDIDATES,
        search=tiny_search(base),
        budget=STEPS * BATCH,
    )
    selection = SelectionSettings(by=by, evaluations=12, population=5, sample=2)  # type: ignore[arg-type]
    experiment = replace(experiment, selection=selection)
    outcome = method_class(method)(OPTIONS[method]).run(experiment)
    assert experiment.ledger.left < 2 * BATCH  # what a step of α and weights passes
    return outcome


def check(outcome: Outcome) -> None:
    """Check that leaves partition the space, and select what their supernets train."""
    assert np.isfinite(outcome.scores).all()
    assert outcome.scores.shape == CANDIDATES.shape
    splits, leaves = outcome.trace["splits"], outcome.trace["leaves"]
    subspaces = subspaces_of(splits, SPACE)
    inner = {split["node"] for split in splits}
    found = [subspace for name, subspace in subspaces.items() if name not in inner]
    assert [subspace.to_lists() for subspace in found] == [leaf["options"] for leaf in leaves]
    assert sum(leaf["architectures"] for leaf in leaves) == SPACE.size
    owner(found, CANDIDATES)
    for leaf, subspace in zip(leaves, found, strict=True):
        if "selected" in leaf:
            choices = SPACE.decode(SPACE.parse(leaf["selected"]["architecture"]))
            used = np.flatnonzero(SPACE.active(choices))
            assert all(choices[place] in subspace.allowed[place] for place in used)


def test_gradient_matching_with_random_paths() -> None:
    outcome = run("gm", "rsps")
    check(outcome)
    (split,) = outcome.trace["splits"]
    assert set(split["distances"]) == {"normal 0→3", "normal 1→3", "normal 2→3"}
    assert all(np.shape(matrix) == (7, 7) for matrix in split["distances"].values())


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("method", "base", "by"),
    [
        ("one-shot", "rsps", "evolution"),
        ("few-shot", "rsps", "local"),
        ("gm", "rsps", "random"),
        ("gm-random", "rsps", "candidates"),
        ("one-shot", "snas", "candidates"),
        ("few-shot", "snas", "strongest"),
        ("gm", "darts", "strongest"),
        ("gm-random", "darts", "candidates"),
    ],
)
def test_every_method(method: str, base: str, by: str) -> None:
    check(run(method, base, by))
