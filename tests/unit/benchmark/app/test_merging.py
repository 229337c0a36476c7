from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baselines.standalone import TrainingResult
from benchmark.app.building.journal import JOURNAL, TrainingKey, open_journal, read_journal
from benchmark.app.merging import merge
from benchmark.errors import CheckError, InputError
from benchmark.records import RunRecord, read_records, write_record
from tests.command_line import nasbench, tiny_preset

KIND = {"protocol": {"epochs": 1}, "device": "cpu"}


def write(folder: Path, seed: int, score: float = 0.0, task: str = "t", method: str = "gm") -> Path:
    scores, described = np.full(15625, score), {"preset": task, "space": "nb201"}
    return write_record(RunRecord(method, seed, described, scores, {}, {}, {}), folder)


def train(folder: Path, accuracies: dict[int, float], seconds: float = 1.0) -> Path:
    with open_journal(folder, KIND) as journal:
        for code, accuracy in accuracies.items():
            trained = TrainingResult({"test": accuracy}, {"test": 1.0}, {}, seconds)
            journal.add(TrainingKey(code, 0), trained, {"cpu": folder.name})
    return folder


def test_records_are_put_together_as_they_are(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a", 0), write(tmp_path / "b", 1), write(tmp_path / "b", 0)]
    done = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert (done.what, done.count, done.added) == ("runs", 2, 2)
    for path in paths:
        assert (tmp_path / "all" / path.name).read_bytes() == path.read_bytes()
    assert merge([tmp_path / "a"], tmp_path / "all").added == 0


def test_records_that_differ_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", 0, 1.0)
    write(tmp_path / "b", 0, 2.0)
    with pytest.raises(CheckError, match=r"b has other scores of gm seed 0 than .*a: "):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_records_of_another_task_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", 0)
    write(tmp_path / "b", 1, task="u")
    with pytest.raises(InputError, match="hold runs of gm on different tasks"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")


def test_what_lies_in_the_folder_counts_too(tmp_path: Path) -> None:
    write(tmp_path / "a", 0, 1.0)
    write(tmp_path / "all", 0, 2.0)
    with pytest.raises(CheckError, match="has other scores"):
        merge([tmp_path / "a"], tmp_path / "all")


def test_trainings_are_put_together(tmp_path: Path) -> None:
    one, two = train(tmp_path / "a", {3: 10, 4: 20}), train(tmp_path / "b", {4: 20, 5: 30}, 9.0)
    done = merge([one, two], tmp_path / "all")
    assert (done.what, done.count, done.added) == ("trainings", 3, 3)
    journal = read_journal(tmp_path / "all")
    assert {one.code: it.accuracy["test"] for one, it in journal.trained.items()} == {
        3: 10, 4: 20, 5: 30,
    }  # fmt: skip
    assert journal.machines[journal.made_on[TrainingKey(5, 0)]] == {"cpu": "b"}


def test_trainings_that_differ_are_refused(tmp_path: Path) -> None:
    one, two = train(tmp_path / "a", {3: 10}), train(tmp_path / "b", {3: 11})
    with pytest.raises(CheckError, match="b has other results for architecture 3 at seed 0"):
        merge([one, two], tmp_path / "all")


def test_trainings_of_an_unrecorded_machine_are_left_out(tmp_path: Path) -> None:
    one, two = train(tmp_path / "a", {3: 10, 4: 20}), train(tmp_path / "b", {5: 30})
    path = one / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"facts"', b'"fact"', 1))
    done = merge([one, two], tmp_path / "all")
    assert (done.count, done.added, done.damaged) == (1, 1, 3)


def test_trainings_that_failed_are_put_together_too(tmp_path: Path) -> None:
    one, two = train(tmp_path / "a", {3: 10}), train(tmp_path / "b", {4: 20})
    for folder in (one, two):
        with open_journal(folder, KIND) as journal:
            journal.add(TrainingKey(5, 0), f"the loss is nan in {folder}", {"cpu": "one"})
    done = merge([one, two], tmp_path / "all")
    assert (done.count, done.added) == (3, 3)
    assert read_journal(tmp_path / "all").failed == {TrainingKey(5, 0): f"the loss is nan in {one}"}
    three = train(tmp_path / "c", {5: 30})
    with pytest.raises(CheckError, match="c has other results for architecture 5 at seed 0"):
        merge([three], tmp_path / "all")


def test_trainings_and_runs_do_not_mix(tmp_path: Path) -> None:
    train(tmp_path / "a", {3: 10})
    write(tmp_path / "b", 0)
    with pytest.raises(InputError, match="merge one kind at a time"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")


def test_folders_that_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match=r"no run records in .*a"):
        merge([tmp_path / "a"], tmp_path / "all")
    with pytest.raises(InputError, match=r"no folder .*b: name those"):
        merge([tmp_path / "b"], tmp_path / "all")


def test_shares_of_runs_are_the_whole(tmp_path: Path) -> None:
    preset = str(tiny_preset(tmp_path))
    what = ["run", "--method", "random", "--seeds", "3", "--preset", preset, "--jobs", "1"]
    for place in (1, 2):
        called = nasbench(*what, "--shard", f"{place}/2", "--out", tmp_path / str(place))
        assert called.code == 0, called.err
    assert [len(read_records(tmp_path / name)) for name in ("1", "2")] == [2, 1]
    called = nasbench("merge", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "all")
    assert called.out == f"{tmp_path / 'all'}: 3 runs, 3 of them new\n"
    called = nasbench(*what, "--out", tmp_path / "all")
    assert called.err == f"3 of 3 runs were found in {tmp_path / 'all'}\n"
