from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark import files
from benchmark.app.checking import Checks, Sameness, TableChoice, compare, rerun, verify_folder
from benchmark.app.running.runner import Runs
from benchmark.errors import InputError
from benchmark.records import PROTOCOL, RunRecord, read_record, write_record
from benchmark.tasks.task import Task, load_preset
from tests.command_line import ROOT, nasbench
from tests.forging import resign

LAPTOP = ROOT / "results" / "laptop"
SUPERNETS = ("one-shot", "few-shot", "gm")


def elsewhere(record: RunRecord) -> RunRecord:
    """Return a record as if another machine had made it."""
    return replace(record, provenance={**record.provenance, "cpu": "another"})


def with_scores(record: RunRecord, code: int, upwards: float) -> RunRecord:
    scores = record.scores.copy()
    scores[code] = np.nextafter(scores[code], upwards)
    return replace(record, scores=scores)


@pytest.fixture(scope="module")
def record() -> RunRecord:
    return read_record(LAPTOP / "gm-seed0.json")


def test_a_record_is_identical_to_itself_on_any_machine(record: RunRecord) -> None:
    assert compare(record, record).sameness is Sameness.IDENTICAL
    found = compare(record, elsewhere(record))
    assert (found.sameness, found.differing) == (Sameness.IDENTICAL, ("cpu",))


@pytest.mark.parametrize("code", [0, 7_000, 15_624])
def test_one_bit_makes_a_difference_on_the_same_machine(record: RunRecord, code: int) -> None:
    again = with_scores(record, code, -np.inf)
    found = compare(record, again)
    assert found.sameness is Sameness.DIFFERENT
    assert found.faults == (
        "scores or trace differ in their bits, on the same machine and libraries",
    )
    assert compare(record, elsewhere(again)).sameness is Sameness.CLOSE


def test_so_does_a_trace(record: RunRecord) -> None:
    again = replace(record, trace={**record.trace, "more": 1})
    assert compare(record, again).sameness is Sameness.DIFFERENT
    assert compare(record, elsewhere(again)).sameness is Sameness.CLOSE


@pytest.mark.parametrize("name", ["task", "budget"])
def test_what_no_rounding_touches_must_be_equal_everywhere(record: RunRecord, name: str) -> None:
    changed: dict[str, Any] = {name: {**getattr(record, name), "more": 1}}
    again = replace(record, **changed)
    found = compare(record, elsewhere(again))
    assert (found.sameness, found.faults) == (Sameness.DIFFERENT, (f"{name} differs",))


def split_otherwise(record: RunRecord, other: RunRecord) -> RunRecord:
    """Return a record whose root is split otherwise, and which goes on as another one below it."""
    first, *below = other.trace["splits"]
    losses = {**other.trace["losses"], "root": record.trace["losses"]["root"]}
    splits = [{**first, "edge": "2→3"}, *below]
    parts = {**record.budget["parts"]}
    parts["gradient matching"] += 640
    parts["leaf training"] -= 640
    return replace(
        elsewhere(record),
        scores=other.scores,
        trace={**record.trace, "losses": losses, "splits": splits},
        budget={**record.budget, "parts": parts},
    )


@pytest.fixture
def apart(record: RunRecord) -> RunRecord:
    return split_otherwise(record, read_record(LAPTOP / "gm-seed1.json"))


def test_another_machine_may_split_otherwise_where_two_cuts_are_as_good(
    record: RunRecord, apart: RunRecord
) -> None:
    """On what came before the split it agrees, below it there is nothing to compare."""
    found = compare(record, apart)
    assert (found.sameness, found.faults) == (Sameness.CLOSE, ())
    assert found.agreement == pytest.approx(1)
    (note,) = found.notes
    assert note.startswith("root was split on 0→3 into [['none', 'avg_pool_3x3'], ")
    assert "now on 2→3 into " in note


def test_the_same_machine_may_not(record: RunRecord, apart: RunRecord) -> None:
    here = replace(apart, provenance=record.provenance)
    found = compare(record, here)
    assert found.sameness is Sameness.DIFFERENT
    assert found.faults[0] == "budget differs"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("part", "images"),
    [("gradient matching", 0), ("shared training", -64), ("leaf training", 65)],
)
def test_even_then_all_else_must_be_paid_alike(
    record: RunRecord, apart: RunRecord, part: str, images: int
) -> None:
    """What is spent may differ by a step of 64 images, what is spent on shared weights may not."""
    parts = {**apart.budget["parts"]}
    parts[part] += images
    paid = {**apart.budget, "parts": parts, "spent": sum(parts.values())}
    found = compare(record, replace(apart, budget=paid))
    assert found.faults == (("budget differs",) if images else ())


def test_even_then_the_losses_before_must_agree(record: RunRecord, apart: RunRecord) -> None:
    other = read_record(LAPTOP / "gm-seed2.json")
    losses = {**apart.trace["losses"], "root": other.trace["losses"]["root"]}
    found = compare(record, replace(apart, trace={**apart.trace, "losses": losses}))
    assert found.sameness is Sameness.DIFFERENT
    assert [fault for fault in found.faults if fault.startswith("they agree by ")]


def test_so_must_the_random_streams(record: RunRecord) -> None:
    told = replace(record, provenance={**record.provenance, "streams": {"batches": "1" * 16}})
    other = replace(record, provenance={**record.provenance, "streams": {"batches": "2" * 16}})
    assert compare(told, elsewhere(other)).faults == ("it drew from other random streams",)


@pytest.mark.parametrize("method", SUPERNETS)
def test_another_seed_is_no_rounding(method: str) -> None:
    """The bound was set on one seed run on two processors; no two seeds come near it."""
    runs = [read_record(LAPTOP / f"{method}-seed{seed}.json") for seed in range(5)]
    agreements = []
    for one, other in permutations(runs, 2):
        found = compare(one, elsewhere(replace(other, budget=one.budget)))
        assert found.sameness is Sameness.DIFFERENT
        agreements.append(found.agreement)
    assert max(agreements) < 0.75


def test_scores_of_something_else_are_no_rounding(record: RunRecord) -> None:
    random = np.random.default_rng(0).permutation(record.scores)
    (fault,) = compare(record, elsewhere(replace(record, scores=random))).faults
    assert fault.startswith("the scores' ranks correlate by ")


@pytest.mark.parametrize("method", ["random", "params"])
def test_what_trains_nothing_has_the_same_bits_everywhere(method: str) -> None:
    assert rerun(read_record(LAPTOP / f"{method}-seed0.json")).sameness is Sameness.IDENTICAL


@pytest.mark.parametrize("where", ["rerun", "folder"])
def test_a_folder_in_which_a_killed_process_ran_something_again_would_be_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    task = load_preset("ci").describe("random", searches=False)
    random = RunRecord("random", 0, task, np.arange(15_625.0), {}, {}, {})
    killed = tmp_path / "killed"

    def run(task: Task, methods: list[str], seeds: list[int], folder: Path, **_: Any) -> Runs:
        (killed / folder.name).mkdir(parents=True)
        return Runs([random], 0)

    module = import_module(f"benchmark.app.checking.{where}")
    monkeypatch.setattr(module, "run_units", run)
    write_record(random, tmp_path / "runs")
    if where == "rerun":
        rerun(random)
    else:
        verify_folder(tmp_path / "runs", TableChoice(), Checks())
    assert len(list(killed.iterdir())) == 1
    monkeypatch.setattr(files, "is_gone", lambda _: True)
    files.sweep(killed)
    assert list(killed.iterdir()) == []


@pytest.mark.slow
def test_a_committed_record_comes_out_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Bit by bit where this is its machine, else as far as another can tell."""
    called = nasbench("rerun", LAPTOP / "gm-seed0.json")
    with capsys.disabled():
        print(f"\n{called.out}", file=sys.stderr)
    assert called.code == 0, called.out + called.err
    assert ": identical" in called.out or "; made with another " in called.out


@pytest.mark.slow
@pytest.mark.parametrize("method", SUPERNETS)
def test_a_run_comes_out_again_unless_it_was_changed(
    tmp_path: Path, make_preset: Callable[..., Path], method: str
) -> None:
    where = ("--preset", make_preset(), "--out", tmp_path)
    assert nasbench("run", "--method", method, "--seeds", "3,", "--jobs", "1", *where).code == 0
    path = tmp_path / f"{method}-seed3.json"
    called = nasbench("rerun", path)
    assert (called.code, called.out) == (0, f"{path}: identical\n")

    record = read_record(path)
    write_record(with_scores(record, 15_624, -np.inf), tmp_path)
    called = nasbench("rerun", path)
    assert called.code == 1
    assert called.out.startswith(f"{path}: different, agreement 1.000\n")
    assert called.err == "nasbench: 1 of 1 records did not come out again\n"

    write_record(replace(record, seed=4), tmp_path)
    called = nasbench("rerun", tmp_path / f"{method}-seed4.json")
    assert called.code == 1
    assert "it drew from other random streams" in called.out


def test_what_cannot_be_run_again(record: RunRecord, tmp_path: Path) -> None:
    older = replace(record, protocol=PROTOCOL + 1)
    with pytest.raises(InputError, match=rf"by protocol {PROTOCOL + 1}, this code has {PROTOCOL}"):
        rerun(older)
    odd = replace(record, task={**record.task, "network": {}})
    with pytest.raises(InputError, match=r"cannot be run by this version: \[network\] lacks"):
        rerun(odd)
    with pytest.raises(InputError, match="tolerance is 2: it must be from -1 to 1"):
        rerun(record, tolerance=2)
    path = write_record(record, tmp_path)
    resign(path, lambda it: it["task"]["data"].update(dataset="faces"))
    called = nasbench("rerun", path)
    assert (called.code, called.out) == (2, "")
    assert "unknown data set 'faces'" in called.err
