"""Locks of units between processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmark.errors import CheckError
from benchmark.records import Unit
from benchmark.records.locks import lock_path, remove_stale_lock, try_lock, unlock
from tests.command_line import ROOT

UNIT, OTHER = Unit("gm", "darts", 3), Unit("gm", "darts", 4)

HOLD = """
import sys
from benchmark.records import Unit
from benchmark.records.locks import try_lock
lock = try_lock(sys.argv[1], Unit("gm", "darts", 3))
print("no" if lock is None else "yes", flush=True)
sys.stdin.read()
"""


def start_holder(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a process that locks the unit; return it and whether it got the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_unit_is_locked_once_until_it_is_unlocked(tmp_path: Path) -> None:
    lock, other = try_lock(tmp_path, UNIT), try_lock(tmp_path, OTHER)
    assert lock is not None
    assert other is not None
    assert try_lock(tmp_path, UNIT) is None
    unlock(other)
    assert [path.name for path in tmp_path.iterdir()] == [".gm-darts-seed3.lock"]
    unlock(lock)
    assert not list(tmp_path.iterdir())


def test_another_process_gets_the_lock_when_its_holder_is_killed(tmp_path: Path) -> None:
    process, got = start_holder(tmp_path)
    assert got == "yes"
    assert try_lock(tmp_path, UNIT) is None
    end(process)
    lock = try_lock(tmp_path, UNIT)
    assert lock is not None
    second, got = start_holder(tmp_path)
    assert got == "no"
    end(second)
    unlock(lock)
    assert not list(tmp_path.iterdir())


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    """As a worker that outlives its main process for a moment."""
    lock = try_lock(tmp_path, UNIT)
    assert lock is not None
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    unlock(lock)
    again = try_lock(tmp_path, UNIT)
    assert again is not None
    unlock(again)
    child.kill()
    child.wait()


def test_never_two_hold_one_lock(tmp_path: Path) -> None:
    """Although its file is removed whenever it is released."""
    holders: list[int] = []
    most: list[int] = []
    end = time.monotonic() + 0.5

    def work(number: int) -> None:
        while time.monotonic() < end:
            lock = try_lock(tmp_path, UNIT)
            if lock is not None:
                holders.append(number)
                most.append(len(holders))
                holders.remove(number)
                unlock(lock)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert not list(tmp_path.iterdir())


def test_a_stale_lock_file_is_removed(tmp_path: Path) -> None:
    process, _ = start_holder(tmp_path)
    remove_stale_lock(tmp_path, UNIT)
    assert lock_path(tmp_path, UNIT).exists()  # it is not stale
    end(process)
    remove_stale_lock(tmp_path, UNIT)
    assert not list(tmp_path.iterdir())
    remove_stale_lock(tmp_path, UNIT)


@pytest.mark.parametrize("error", [OSError(28, "No space left"), NotImplementedError("no")])
def test_a_refusal_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with pytest.raises(CheckError, match=r"^cannot lock .*/\.gm-darts-seed3\.lock: [Nn]o[^\n]*$"):
        try_lock(tmp_path, UNIT)
