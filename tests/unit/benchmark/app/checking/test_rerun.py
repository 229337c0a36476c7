from __future__ import annotations

import sys
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark import files
from benchmark.app.checking import RerunOutcome, compare, rerun
from benchmark.app.running.runner import Runs
from benchmark.errors import InputError
from benchmark.records import PROTOCOL, RunRecord, read_record, write_record
from benchmark.tasks.task import Task, load_preset
from tests.command_line import ROOT, nasbench
from tests.forging import resign

LAPTOP = ROOT / "results" / "laptop"


@pytest.fixture(scope="module")
def record(honest: Path) -> RunRecord:
    return read_record(honest / "gm-seed0.json")


@pytest.fixture(scope="module")
def other_seed(honest: Path) -> RunRecord:
    return read_record(honest / "gm-seed1.json")


def on_another_machine(record: RunRecord) -> RunRecord:
    """Return a record as if another machine had made it."""
    return replace(record, provenance={**record.provenance, "cpu": "another"})


def with_score(record: RunRecord, place: int) -> RunRecord:
    scores = record.scores.copy()
    scores[place] = np.nextafter(scores[place], -np.inf)
    return replace(record, scores=scores)


def with_distances(record: RunRecord, add: float) -> RunRecord:
    """Return a record with other gradient distances, by ``add`` and one bit."""
    trace = deepcopy(dict(record.trace))
    for split in trace["splits"]:
        split["separated"] = float(np.nextafter(split["separated"], np.inf)) + add
        split["distances"] = {
            name: (np.nextafter(matrix, np.inf) + add).tolist()
            for name, matrix in split["distances"].items()
        }
    return replace(record, trace=trace)


def test_a_record_is_identical_to_itself_on_any_machine(record: RunRecord) -> None:
    assert compare(record, record).outcome is RerunOutcome.IDENTICAL
    found = compare(record, on_another_machine(record))
    assert (found.outcome, found.differing) == (RerunOutcome.IDENTICAL, ("cpu",))


@pytest.mark.parametrize("place", [0, 299])
def test_one_bit_of_a_score_is_a_difference_on_the_same_machine(
    record: RunRecord, place: int
) -> None:
    again = with_score(record, place)
    found = compare(record, again)
    assert found.outcome is RerunOutcome.DIFFERENT
    assert found.faults == ("scores or splits differ, on the same machine and libraries",)
    assert compare(record, on_another_machine(again)).outcome is RerunOutcome.CLOSE


def test_distances_that_another_processor_sums_in_another_order_are_identical(
    record: RunRecord,
) -> None:
    again = with_distances(record, 1e-17)
    assert again.trace != record.trace
    for other in (again, on_another_machine(again)):
        found = compare(record, other)
        assert (found.outcome, found.faults) == (RerunOutcome.IDENTICAL, ())


def test_other_distances_are_found(record: RunRecord) -> None:
    for other in (with_distances(record, 1e-3), on_another_machine(with_distances(record, 1e-3))):
        found = compare(record, other)
        assert found.outcome is RerunOutcome.DIFFERENT
        assert found.faults == ("distances or losses differ by more than rounding",)


def test_another_selected_architecture_is_found(record: RunRecord) -> None:
    again = replace(
        record, trace={**record.trace, "choice": {**record.trace["choice"], "score": 0}}
    )
    found = compare(record, again)
    assert found.outcome is RerunOutcome.DIFFERENT
    assert found.faults == ("leaves select other architectures",)


@pytest.mark.parametrize("name", ["task", "budget", "streams"])
def test_what_no_rounding_touches_must_be_equal_everywhere(record: RunRecord, name: str) -> None:
    changed: dict[str, Any] = {
        "task": {"task": {**record.task, "more": 1}},
        "budget": {"budget": {**record.budget, "scored": 1}},
        "streams": {"provenance": {**record.provenance, "streams": {"batches": "1" * 16}}},
    }[name]
    fault = "it drew from other random streams" if name == "streams" else f"{name} differs"
    for again in (replace(record, **changed), on_another_machine(replace(record, **changed))):
        found = compare(record, again)
        assert (found.outcome, found.faults) == (RerunOutcome.DIFFERENT, (fault,))


@pytest.fixture
def resplit(record: RunRecord, other_seed: RunRecord) -> RunRecord:
    """Return a record whose root is split otherwise, and which goes on as another seed does."""
    first, *below = other_seed.trace["splits"]
    taken = record.trace["splits"][0]["decisions"]
    another = next(name for name in first["distances"] if [name] != taken)
    parts = {**record.budget["parts"]}
    parts["gradient matching"] += 4
    parts["leaf training"] -= 4
    return replace(
        on_another_machine(record),
        scores=np.random.default_rng(0).normal(record.scores, 0.3 * record.scores.std()),
        trace={
            **record.trace,
            "losses": {**other_seed.trace["losses"], "root": record.trace["losses"]["root"]},
            "splits": [{**first, "decisions": [another]}, *below],
        },
        budget={**record.budget, "parts": parts},
    )


def test_another_machine_may_split_otherwise_where_two_splits_are_as_good(
    record: RunRecord, resplit: RunRecord
) -> None:
    """It agrees on what came before the split; below it there is nothing to compare."""
    found = compare(record, resplit)
    assert (found.outcome, found.faults) == (RerunOutcome.CLOSE, ())
    assert found.agreement == pytest.approx(1)
    (note,) = found.notes
    (before,), (now,) = (one.trace["splits"][0]["decisions"] for one in (record, resplit))
    assert note.startswith(f"root was split on {before} into [[")
    assert f"now on {now} into " in note


def test_splits_of_several_decisions_are_told_apart(record: RunRecord) -> None:
    joint, other = (
        {"node": "root", "decisions": list(names), "groups": [["none & none"], ["none & skip"]]}
        for names in (("0→1", "2→3"), ("0→1", "1→3"))
    )
    one, again = (
        replace(record, trace={**record.trace, "splits": [split]}) for split in (joint, other)
    )
    assert compare(one, one).outcome is RerunOutcome.IDENTICAL
    found = compare(one, on_another_machine(again))
    assert found.outcome is not RerunOutcome.IDENTICAL
    assert found.notes[0].startswith("root was split on 0→1 & 2→3 into [['none & none'], ")
    assert ", now on 0→1 & 1→3 into " in found.notes[0]


def test_the_same_machine_may_not(record: RunRecord, resplit: RunRecord) -> None:
    found = compare(record, replace(resplit, provenance=record.provenance))
    assert (found.outcome, found.notes) == (RerunOutcome.DIFFERENT, ())
    assert found.faults[0] == "budget differs"


def test_even_then_the_shared_training_must_be_the_same(
    record: RunRecord, resplit: RunRecord
) -> None:
    parts = {**resplit.budget["parts"]}
    parts["shared training"] -= 4
    paid = {**resplit.budget, "parts": parts}
    assert compare(record, replace(resplit, budget=paid)).faults == ("budget differs",)
    losses = {**resplit.trace["losses"], "root": resplit.trace["losses"]["root"][::-1]}
    (fault,) = compare(record, replace(resplit, trace={**resplit.trace, "losses": losses})).faults
    assert fault.startswith("they agree by ")


@pytest.mark.parametrize("method", ["one-shot", "few-shot", "gm"])
def test_another_seed_is_no_rounding(method: str) -> None:
    """The bound was set on one seed run on two processors; no two seeds come near it."""
    runs = [read_record(LAPTOP / f"{method}-seed{seed}.json") for seed in range(5)]
    agreements = []
    for one, other in permutations(runs, 2):
        found = compare(one, on_another_machine(replace(other, budget=one.budget)))
        assert found.outcome is RerunOutcome.DIFFERENT
        agreements.append(found.agreement)
    assert max(agreements) < 0.75


def test_scores_of_something_else_are_no_rounding(record: RunRecord) -> None:
    random = np.random.default_rng(0).permutation(record.scores)
    (fault,) = compare(record, on_another_machine(replace(record, scores=random))).faults
    assert fault.startswith("the scores' ranks correlate by ")


def test_a_folder_that_a_killed_process_leaves_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_preset("ci").describe("random", searches=False)
    random = RunRecord("random", 0, task, np.arange(15_625.0), {}, {}, {})
    killed = tmp_path / "killed"

    def run(task: Task, methods: list[str], seeds: list[int], folder: Path, **_: Any) -> Runs:
        (killed / folder.name).mkdir(parents=True)
        return Runs([random], 0)

    module = import_module("benchmark.app.checking.rerun")  # the package has a function of the name
    monkeypatch.setattr(module, "run_units", run)
    rerun(random)
    assert len(list(killed.iterdir())) == 1
    monkeypatch.setattr(files, "is_gone", lambda _: True)
    files.sweep(killed)
    assert list(killed.iterdir()) == []


@pytest.mark.nightly
def test_a_committed_record_is_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Bit by bit where this is its machine, else as far as another can tell."""
    called = nasbench("rerun", LAPTOP / "gm-seed0.json")
    with capsys.disabled():
        print(f"\n{called.out}", file=sys.stderr)
    assert called.code == 0, called.out + called.err
    assert ": identical" in called.out or "; made with another " in called.out


def test_a_run_is_identical_unless_it_was_changed(runs: Path) -> None:
    names = ("gm-seed0.json", "random-seed0.json", "params-seed0.json")
    paths = [runs / name for name in names]
    called = nasbench("rerun", *paths)
    assert called.out == "".join(f"{path}: identical\n" for path in paths)
    assert called.code == 0

    record = read_record(paths[0])
    write_record(with_score(record, 299), runs)
    write_record(replace(record, seed=4), runs)
    called = nasbench("rerun", paths[0], runs / "gm-seed4.json")
    assert called.code == 1
    assert called.out.startswith(f"{paths[0]}: different, agreement 1.000\n")
    assert "it drew from other random streams" in called.out
    assert called.err.startswith("nasbench: 2 of 2 records ")


def test_a_record_that_cannot_be_run_again(record: RunRecord, tmp_path: Path) -> None:
    other = replace(record, protocol=PROTOCOL + 1)
    with pytest.raises(InputError, match=rf"by protocol {PROTOCOL + 1}, this code has {PROTOCOL}"):
        rerun(other)
    odd = replace(record, task={**record.task, "network": {}})
    with pytest.raises(InputError, match=r"cannot be run by this version: \[network\]"):
        rerun(odd)
    with pytest.raises(InputError, match="tolerance is 2: it must be from -1 to 1"):
        rerun(record, tolerance=2)
    path = write_record(record, tmp_path)
    resign(path, lambda it: it["task"]["data"].update(dataset="faces"))
    called = nasbench("rerun", path)
    assert (called.code, called.out) == (2, "")
    assert "unknown data set 'faces'" in called.err
