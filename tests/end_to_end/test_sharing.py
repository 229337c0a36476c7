"""Several processes with one folder: each unit is run once, and what one leaves another runs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmark.app.running.runner import run_units
from benchmark.records import RunRecord, read_records
from benchmark.tasks.task import load_preset
from tests.command_line import finish, start_nasbench, tiny_preset

# Notes each record that is written.
NOTING = """
from benchmark.app.running import dispatch

def write(record, folder, write=dispatch.write_record):
    path = write(record, folder)
    with open({!r}, "a") as file:
        print(record.seed, file=file)
    return path

dispatch.write_record = write
from benchmark.app.cli import main
main()
"""


def start(preset: Path, folder: Path, log: Path, seeds: int) -> subprocess.Popen[str]:
    """Start a process that runs half of the seeds, so that it writes no report."""
    where = ("--preset", preset, "--out", folder, "--jobs", "1", "--shard", "1/2")
    command = ("run", "--method", "one-shot", "--seeds", str(2 * seeds), *where)
    return start_nasbench(*command, code=NOTING.format(str(log)))


def check(folder: Path, log: Path, expected: list[RunRecord], killed: int = 0) -> None:
    """Check that each unit ran once; a killed process may have written a record unnoted."""
    noted = Counter(log.read_text().split())
    assert set(noted.values()) == {1}
    assert set(noted) <= {str(record.seed) for record in expected}
    assert len(expected) - len(noted) <= killed
    found = read_records(folder)
    assert [record.unit for record in found] == [record.unit for record in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.scores.tobytes() == other.scores.tobytes()
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def wait_for(folder: Path, pattern: str) -> None:
    end = time.monotonic() + 120
    while not list(folder.glob(pattern)):
        assert time.monotonic() < end, f"no {pattern}"
        time.sleep(0.01)


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    preset = tiny_preset(tmp_path, budget="100")
    folder, log = tmp_path / "out", tmp_path / "log"
    expected = run_units(
        load_preset(str(preset)), ["one-shot"], range(0, 8, 2), tmp_path / "alone"
    ).records
    processes = [start(preset, folder, log, len(expected)) for _ in range(2)]
    called = [finish(process) for process in processes]
    assert [one.code for one in called] == [0, 0], [one.err for one in called]
    check(folder, log, expected)


@pytest.mark.nightly
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills a group of processes")
def test_four_processes_share_a_folder_and_one_is_killed(preset: Path, tmp_path: Path) -> None:
    folder, log = tmp_path / "out", tmp_path / "log"
    task = load_preset(str(preset))
    expected = run_units(task, ["one-shot"], range(0, 12, 2), tmp_path / "alone").records
    victim = start(preset, folder, log, len(expected))
    wait_for(folder, ".*.lock")
    others = [start(preset, folder, log, len(expected)) for _ in range(3)]
    wait_for(folder, "[!.]*.json")
    os.killpg(victim.pid, signal.SIGKILL)
    finish(victim)
    called = [finish(process) for process in others]
    assert [one.code for one in called] == [0] * 3, [one.err for one in called]
    check(folder, log, expected, killed=1)
