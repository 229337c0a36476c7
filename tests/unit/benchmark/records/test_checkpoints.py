from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from benchmark.errors import CheckError, InputError, StoppedError
from benchmark.records.checkpoint_file import read_checkpoint, write_checkpoint
from benchmark.records.checkpoints import CheckpointInterval, Checkpoints, Stopwatch, parse_interval

KEY = {"method": "gm", "seed": 3}


class Switch:
    """Is asked whether to stop."""

    def __init__(self) -> None:
        self.on = False

    def __call__(self) -> bool:
        return self.on


def positions(path: Path, checkpoints: Checkpoints, steps: int) -> list[int]:
    """Visit so many places; return the position in the file after each."""
    found = []
    for position in range(steps):
        checkpoints.save_if_due(lambda at=position: {"position": at})  # type: ignore[misc]
        found.append(read_checkpoint(path)["position"] if path.exists() else -1)
    return found


def test_so_many_steps_apart(tmp_path: Path) -> None:
    path = tmp_path / "a"
    checkpoints = Checkpoints(path, KEY, CheckpointInterval(steps=3))
    assert positions(path, checkpoints, 8) == [-1, -1, 2, 2, 2, 5, 5, 5]


def test_so_much_time_apart_whatever_the_time_of_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, path = [50.0], tmp_path / "a"
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "time", lambda: pytest.fail("the time of day may jump"))
    checkpoints = Checkpoints(path, KEY, CheckpointInterval(seconds=10))
    found = []
    for position in range(6):
        clock[0] += 4
        checkpoints.save_if_due(lambda at=position: {"position": at})  # type: ignore[misc]
        found.append(read_checkpoint(path)["position"] if path.exists() else -1)
    assert found == [-1, -1, 2, 2, 2, 5]


@pytest.mark.parametrize("every", [CheckpointInterval(), CheckpointInterval(steps=100)])
def test_never_or_not_yet(tmp_path: Path, every: CheckpointInterval) -> None:
    assert positions(tmp_path / "a", Checkpoints(tmp_path / "a", KEY, every), 9) == [-1] * 9


def test_without_a_file_nothing_is_asked() -> None:
    checkpoints = Checkpoints()
    assert checkpoints.load() is None
    for _ in range(5):
        checkpoints.save_if_due(lambda: pytest.fail("there is nowhere to save it"))


def test_who_is_to_stop_saves_and_stops(tmp_path: Path) -> None:
    switch = Switch()
    checkpoints = Checkpoints(tmp_path / "a", KEY, CheckpointInterval(steps=100), switch)
    checkpoints.save_if_due(lambda: {"position": 0})
    switch.on = True
    checkpoints.check_stop()  # between two safe places
    with pytest.raises(StoppedError):
        checkpoints.save_if_due(lambda: {"position": 1})
    assert read_checkpoint(tmp_path / "a")["position"] == 1


def test_where_work_goes_on_without_safe_places_the_last_is_saved(tmp_path: Path) -> None:
    switch = Switch()
    checkpoints = Checkpoints(tmp_path / "a", KEY, CheckpointInterval(steps=100), switch)
    with checkpoints.saving_if_stopped(lambda: {"position": 4}):
        checkpoints.check_stop()
        assert not (tmp_path / "a").exists()
        switch.on = True
        with pytest.raises(StoppedError):
            checkpoints.check_stop()
    assert read_checkpoint(tmp_path / "a")["position"] == 4
    checkpoints.check_stop()


def test_who_has_no_safe_places_stops_anywhere(tmp_path: Path) -> None:
    switch = Switch()
    checkpoints = Checkpoints(tmp_path / "a", KEY, CheckpointInterval(steps=1), switch)
    checkpoints.check_stop()
    switch.on = True
    with pytest.raises(StoppedError):
        checkpoints.check_stop()
    assert not (tmp_path / "a").exists()


def test_a_run_is_taken_up_where_it_was(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path / "a", KEY, CheckpointInterval(steps=1))
    assert first.load() is None
    first.save_if_due(lambda: {"position": 4, "weights": torch.ones(2)})
    for times in (1, 2):
        again = Checkpoints(tmp_path / "a", KEY, CheckpointInterval(steps=1))
        found = again.load()
        assert found is not None
        assert (found["position"], found["weights"].tolist()) == (4, [1, 1])
        assert again.resumed == times
        again.save_if_due(lambda: {"position": 4, "weights": torch.ones(2)})


def test_time_that_was_waited_is_not_time_worked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any process of a run, nor the time between two of them."""
    clock = [50.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    first = Checkpoints(tmp_path / "a", KEY, CheckpointInterval(steps=1))
    clock[0] += 3
    with first.watch.waiting():
        clock[0] += 100
    first.save_if_due(dict)
    clock[0] += 1_000
    second = Checkpoints(tmp_path / "a", KEY, CheckpointInterval(steps=1))
    second.load()
    clock[0] += 4
    with second.watch.waiting():
        clock[0] += 100
    assert second.watch.seconds == 7
    assert Stopwatch().seconds == 0


@pytest.mark.parametrize("key", [{}, {"method": "gm", "seed": 4}, {**KEY, "task": "x"}])
def test_a_checkpoint_of_something_else_is_not_taken_up(
    tmp_path: Path, key: dict[str, object]
) -> None:
    Checkpoints(tmp_path / "a", key, CheckpointInterval(steps=1)).save_if_due(
        lambda: {"position": 4}
    )
    checkpoints = Checkpoints(tmp_path / "a", KEY)
    assert checkpoints.load() is None
    assert checkpoints.note == (
        f"{tmp_path / 'a'} is of another task, machine or version; the run starts over"
    )
    assert checkpoints.resumed == 0


def test_a_damaged_checkpoint_is_not_taken_up(tmp_path: Path) -> None:
    write_checkpoint({"key": KEY}, tmp_path / "a")
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:-1])
    checkpoints = Checkpoints(tmp_path / "a", KEY)
    assert checkpoints.load() is None
    assert checkpoints.note.endswith("its checksum does not hold; the run starts over")


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    checkpoints = Checkpoints(tmp_path / "file" / "a", KEY, CheckpointInterval(steps=1))
    with pytest.raises(CheckError, match=r"^cannot write .*file/a: (Not a directory|File exists)"):
        checkpoints.save_if_due(lambda: {})


@pytest.mark.parametrize("text", ["", "0", "-3", "5 m", "1.5min", "min", "Never", "9" * 20])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="write steps, like 500, a time, like 30s, 5min or 1h, or"):
        parse_interval(text)


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("1", CheckpointInterval(steps=1)),
        ("30s", CheckpointInterval(seconds=30)),
        ("2 h", CheckpointInterval(seconds=7200)),
        ("never", CheckpointInterval()),
    ],
)
def test_intervals(text: str, every: CheckpointInterval) -> None:
    assert parse_interval(text) == every
