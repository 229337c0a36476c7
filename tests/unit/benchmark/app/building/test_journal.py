from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from baselines.standalone import TrainingResult
from benchmark.app.building.journal import (
    JOURNAL,
    SETTINGS,
    TrainingKey,
    open_journal,
    read_journal,
)
from benchmark.errors import CheckError, InputError

KIND = {"protocol": {"training": {"epochs": 1}}, "device": "cpu"}
HERE, THERE = {"cpu": "one"}, {"cpu": "another"}


def trained(accuracy: float = 50.0) -> TrainingResult:
    return TrainingResult({"valid": accuracy, "test": 1 / 3}, {"valid": 0.1, "test": 2.5}, {}, 1.25)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with three trainings by two machines."""
    with open_journal(tmp_path, KIND) as journal:
        journal.add(TrainingKey(7, 0), trained(10), HERE)
        journal.add(TrainingKey(7, 1), trained(20), THERE)
        journal.add(TrainingKey(9, 0), trained(30), HERE)
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    journal = read_journal(folder)
    assert journal.trained == {
        TrainingKey(7, 0): trained(10),
        TrainingKey(7, 1): trained(20),
        TrainingKey(9, 0): trained(30),
    }
    made_on = {one: journal.machines[name] for one, name in journal.made_on.items()}
    assert made_on == {TrainingKey(7, 0): HERE, TrainingKey(7, 1): THERE, TrainingKey(9, 0): HERE}
    assert journal.settings == KIND
    assert journal.damaged == 0


def test_a_journal_cut_off_anywhere_loses_at_most_one_training(folder: Path) -> None:
    whole = (folder / JOURNAL).read_bytes()
    ends = [place + 1 for place, sign in enumerate(whole) if sign == ord("\n")]
    for cut in range(0, len(whole), 7):
        (folder / JOURNAL).write_bytes(whole[:cut])
        lines = whole[: max([end for end in ends if end <= cut], default=0)]
        journal = read_journal(folder)
        assert len(journal.trained) >= lines.count(b'"seed"')
        with open_journal(folder, KIND) as journal:
            for training in (TrainingKey(7, 0), TrainingKey(7, 1), TrainingKey(9, 0)):
                if training not in journal.trained:
                    journal.add(training, trained(99), HERE)
        assert len(read_journal(folder).trained) == 3


def test_a_changed_line_does_not_count(folder: Path) -> None:
    path = folder / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"valid":20', b'"valid":21'))
    journal = read_journal(folder)
    assert sorted(journal.trained) == [TrainingKey(7, 0), TrainingKey(9, 0)]
    assert journal.damaged == 1


def lines(folder: Path) -> list[bytes]:
    return (folder / JOURNAL).read_bytes().splitlines(keepends=True)


def test_trainings_of_an_unknown_machine_do_not_count(folder: Path) -> None:
    here, *others = lines(folder)
    assert b'"facts"' in here
    (folder / JOURNAL).write_bytes(here.replace(b"one", b"two") + b"".join(others))
    journal = read_journal(folder)
    assert list(journal.trained) == [TrainingKey(7, 1)]
    assert journal.damaged == 3
    with open_journal(folder, KIND) as journal:
        journal.add(
            TrainingKey(9, 0), trained(31), HERE
        )  # another result than the one that was lost
    journal = read_journal(folder)
    assert journal.trained == {TrainingKey(7, 1): trained(20), TrainingKey(9, 0): trained(31)}
    assert journal.machines[journal.made_on[TrainingKey(9, 0)]] == HERE


def test_the_same_result_twice_is_fine(folder: Path) -> None:
    before = read_journal(folder)
    twice = b"".join([*lines(folder), *lines(folder)])
    (folder / JOURNAL).write_bytes(twice)
    assert read_journal(folder) == before


def test_a_failure_is_kept(folder: Path) -> None:
    with open_journal(folder, KIND) as journal:
        journal.add(TrainingKey(11, 0), "the training loss is nan", THERE)
        assert TrainingKey(11, 0) in journal
    journal = read_journal(folder)
    assert journal.failed == {TrainingKey(11, 0): "the training loss is nan"}
    assert TrainingKey(11, 0) not in journal.trained
    assert journal.machines[journal.made_on[TrainingKey(11, 0)]] == THERE


def test_two_results_for_one_training_are_refused(folder: Path, tmp_path: Path) -> None:
    with open_journal(tmp_path / "other", KIND) as journal:
        journal.add(TrainingKey(7, 1), trained(21), THERE)
    with (folder / JOURNAL).open("ab") as file:
        file.write((tmp_path / "other" / JOURNAL).read_bytes())
    message = r"trained.jsonl has two different results for architecture 7 at seed 1: delete the"
    with pytest.raises(InputError, match=message):
        read_journal(folder)


def test_a_folder_of_other_settings_is_refused(folder: Path) -> None:
    other = {"protocol": {"training": {"epochs": 2}}, "device": "cpu"}
    message = "their protocol.training.epochs is 1, not 2"
    with pytest.raises(InputError, match=message), open_journal(folder, other):
        pass


def test_a_description_that_was_changed_is_refused(folder: Path) -> None:
    path = folder / SETTINGS
    path.write_text(path.read_text().replace('"epochs": 1', '"epochs": 2'))
    with pytest.raises(InputError, match="was changed after it was written"):
        read_journal(folder)


def test_only_one_process_adds_at_a_time(folder: Path) -> None:
    with open_journal(folder, KIND):
        message = "another process builds in .*: wait for it, or give each its own --out"
        with pytest.raises(CheckError, match=message), open_journal(folder, KIND):
            pass
    with open_journal(folder, KIND) as journal:
        assert len(journal.trained) == 3


@pytest.mark.parametrize(
    "line",
    [
        b'{"code":"7","seed":0,"machine":"m"}',
        b'{"code":7,"seed":0,"machine":"m","accuracy":1,"loss":{},"curve":{},"seconds":1.0}',
        b'{"machine":"m","facts":5}',
        b"[1, 2]",
        b"{",
    ],
)
def test_a_line_that_says_something_else_is_refused_in_one_line(folder: Path, line: bytes) -> None:
    with (folder / JOURNAL).open("ab") as file:
        file.write(hashlib.sha256(line).hexdigest()[:16].encode() + b" " + line + b"\n")
    with pytest.raises(InputError, match=r"^[^\n]*has a line of another version: give another --"):
        read_journal(folder)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(CheckError, match=r"cannot write to .*: Not a directory"),
        open_journal(tmp_path / "file" / "folder", KIND),
    ):
        pass
