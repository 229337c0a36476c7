"""Runs killed at random moments, once or several times, end as if they had not been.

NASBENCH_KILLS says how many runs to try, NASBENCH_KILL_SEED at which moments, and
NASBENCH_KILL_PRESET what to run, such as ci.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from benchmark.app.running.runner import run_units
from benchmark.records import RunRecord, read_records
from benchmark.tasks.task import load_preset
from tests.command_line import finish, start_nasbench

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills a group of processes")
RUNS = int(os.environ.get("NASBENCH_KILLS") or 1)
SEED = int(os.environ.get("NASBENCH_KILL_SEED") or 0)
PRESET = os.environ.get("NASBENCH_KILL_PRESET")
METHODS = ("one-shot", "few-shot", "gm") if RUNS > 1 else ("one-shot", "gm")
MOST_KILLS = 3 if RUNS > 1 else 1  # of one run
MOST_ATTEMPTS = 6  # to kill a run before it ends; half as late each time

Records = dict[str, RunRecord]


def records(folder: Path) -> Records:
    return {record.name: record for record in read_records(folder)}


def bits(record: RunRecord) -> tuple[object, ...]:
    return (
        record.scores.tobytes(),
        record.trace,
        record.budget,
        record.key,
        record.provenance["streams"],
    )


def arguments(preset: str | Path, folder: Path, jobs: int, every: str) -> list[str]:
    methods = [word for method in METHODS for word in ("--method", method)]
    where = ["--preset", str(preset), "--out", str(folder), "--jobs", str(jobs)]
    return ["run", *methods, "--seeds", "1", *where, "--checkpoint-every", every]


class Killed:
    """Runs of one command into one folder, which are killed, and what must hold after each.

    Args:
        command: Arguments of the command.
        folder: An empty folder for everything that they write.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self.folder = Path(command[command.index("--out") + 1])
        self.temporary = folder / "temporary"
        self.temporary.mkdir(parents=True)
        self.kept: dict[Path, bytes] = {}
        self.kills = 0
        self._command = command

    def kill(self, is_time: Callable[[], bool]) -> None:
        """Start the command, and kill it when it is time, every other time with its workers."""
        process = self._start()
        while process.poll() is None and not is_time():
            time.sleep(0.01)
        if process.poll() is None:
            if self.kills % 2:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            self.kills += 1
        finish(process, seconds=60)  # until workers have ended too, for they hold its stderr
        self._check_kept()

    def end(self) -> Records:
        """Let the command end, and return its records."""
        called = finish(self._start(), seconds=3_600)
        assert called.code == 0, called.err
        self._check_kept()
        assert not [path.name for path in self.folder.iterdir() if path.name.startswith(".")]
        assert not list(self.temporary.glob("nasbench-*"))
        return records(self.folder)

    def _start(self) -> subprocess.Popen[str]:
        return start_nasbench(*self._command, TMPDIR=str(self.temporary))

    def _check_kept(self) -> None:
        there = {path: path.read_bytes() for path in self.folder.glob("[!.]*-seed*.json")}
        for path, contents in self.kept.items():
            assert there[path] == contents, f"{path.name} was made again"
        self.kept = there


def test_a_run_killed_in_its_training_is_resumed(preset: Path, tmp_path: Path) -> None:
    folder, task = tmp_path / "out", load_preset(str(preset))
    (expected,) = run_units(task, ["gm"], [1], tmp_path / "whole").records
    command = ["run", "--method", "gm", "--seeds", "1,", "--preset", str(preset)]
    command += ["--out", str(folder), "--jobs", "1", "--checkpoint-every", "20"]
    runs = Killed(command, tmp_path)
    runs.kill(has_new_checkpoint(folder))
    assert runs.kills == 1
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gm-seed1.checkpoint",
        ".gm-seed1.lock",
    ]
    (found,) = run_units(task, ["gm"], [1], folder).records
    assert found.provenance["resumed"] == 1
    assert bits(found) == bits(expected)
    assert [path.name for path in folder.iterdir()] == ["gm-seed1.json"]


def has_new_checkpoint(folder: Path) -> Callable[[], bool]:
    """Return what says whether there is another checkpoint than now."""
    before = checkpoints(folder)
    return lambda: not checkpoints(folder) <= before


def checkpoints(folder: Path) -> set[tuple[str, int]]:
    """Return the checkpoints of unfinished runs, each with its time."""
    found = set()
    for path in folder.glob(".[!.]*.checkpoint"):
        with suppress(FileNotFoundError):  # its run is done
            found.add((path.name, path.stat().st_mtime_ns))
    return found


def after(seconds: float) -> Callable[[], bool]:
    """Return what says whether so many seconds have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@pytest.mark.nightly
@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("number", range(RUNS))
def test_a_killed_run_ends_with_the_same_bits(
    preset: Path, tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = PRESET or preset
    start = time.monotonic()
    called = finish(
        start_nasbench(*arguments(chosen, tmp_path / "whole", 1, "never")), seconds=3_600
    )
    seconds = time.monotonic() - start
    assert called.code == 0, called.err
    expected = records(tmp_path / "whole")
    generator = random.Random(f"{SEED} {number}")
    jobs, every = generator.choice([1, 2]), generator.choice(["20", "100", "1s"])
    for attempt in range(MOST_ATTEMPTS):
        folder = tmp_path / str(attempt)
        runs = Killed(arguments(chosen, folder / "out", jobs, every), folder)
        for _ in range(generator.randint(1, MOST_KILLS)):
            runs.kill(after(generator.uniform(0, seconds / 2**attempt)))
        if runs.kills:
            break
    assert runs.kills, "every run had ended before it was to be killed"
    kept = len(runs.kept)
    found = runs.end()
    assert found.keys() == expected.keys()
    for name, record in found.items():
        assert bits(record) == bits(expected[name]), name
    resumed = sum(record.provenance["resumed"] for record in found.values())
    with capsys.disabled():
        print(
            f"run {number}: {runs.kills} kills, checkpoints every {every}, jobs {jobs}, "
            f"{resumed} resumed, {kept} kept: same bits",
            file=sys.stderr,
        )
