"""Ctrl-C, and worse: what is finished is kept, nothing is left running, without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from benchmark.app.running.runner import run_units
from benchmark.records import read_records
from benchmark.records.checkpoint_file import checkpoint_path
from benchmark.tasks.task import load_preset
from tests.command_line import Called, finish, nasbench, start_nasbench

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"
)
SEEDS = range(4)
GO_ON = "nasbench: {}; what is finished is kept, run the command again to go on"


@pytest.fixture(scope="module")
def uninterrupted(preset: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """Return the scores of each seed."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    run_units(load_preset(str(preset)), ["one-shot"], SEEDS, folder)
    return scores(folder)


def arguments(preset: Path, folder: Path, jobs: int) -> list[str]:
    where = ["--preset", str(preset), "--out", str(folder), "--jobs", str(jobs)]
    return ["run", "--method", "one-shot", "--seeds", str(len(SEEDS)), *where]


def scores(folder: Path) -> dict[int, bytes]:
    return {record.seed: record.scores.tobytes() for record in read_records(folder)}


def alive(session: int, but: int | None = None) -> Iterator[tuple[int, str]]:
    """Yield the processes of a session that have not ended, and their command lines."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, its_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            command = (folder / "cmdline").read_text()
        except OSError:  # it ended meanwhile
            continue
        process = int(folder.name)
        if int(its_session) == session and state != "Z" and process != but:
            yield process, command


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def start_and_wait(command: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start a run and wait for its first record."""
    process = start_nasbench(*command)
    wait_until(lambda: list(folder.glob("[!.]*.json")) or process.poll() is not None, seconds=120)
    assert process.poll() is None, finish(process)
    return process


def check_kept(folder: Path, uninterrupted: dict[int, bytes]) -> None:
    """Check that some seeds are finished as they should be; others leave checkpoints at most."""
    kept = scores(folder)
    assert 0 < len(kept) < len(SEEDS)
    finished = {f"one-shot-seed{seed}.json" for seed in kept}
    started = {f".one-shot-seed{seed}.checkpoint" for seed in SEEDS if seed not in kept}
    assert finished <= {path.name for path in folder.iterdir()} <= finished | started
    assert all(uninterrupted[seed] == found for seed, found in kept.items())


def check_interrupted(called: Called, number: int = signal.SIGINT) -> None:
    word = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[signal.Signals(number)]
    assert called.code == 128 + number
    assert "Traceback" not in called.err
    assert called.err.splitlines()[-1] == GO_ON.format(word)
    assert called.out == ""


@pytest.mark.parametrize(
    ("jobs", "presses", "number"),
    [(2, 1, signal.SIGINT), pytest.param(1, 3, signal.SIGTERM, marks=pytest.mark.nightly)],
)
def test_an_interrupted_run_is_resumed(
    preset: Path,
    tmp_path: Path,
    uninterrupted: dict[int, bytes],
    jobs: int,
    presses: int,
    number: int,
) -> None:
    folder = tmp_path / "out"
    process = start_and_wait(arguments(preset, folder, jobs), folder)
    for _ in range(presses):
        os.killpg(process.pid, number)  # a terminal sends it to all processes of a command
        time.sleep(0.05)
    check_interrupted(finish(process), number)
    wait_until(lambda: not list(alive(process.pid)), seconds=20)
    check_kept(folder, uninterrupted)
    kept = len(scores(folder))
    saved = {path.name for path in folder.glob(".*.checkpoint")}  # of units that had begun to train
    runs = run_units(load_preset(str(preset)), ["one-shot"], SEEDS, folder)
    assert runs.reused == kept
    resumed = [record.unit for record in runs.records if record.provenance["resumed"]]
    assert {checkpoint_path(folder, unit).name for unit in resumed} == saved
    assert scores(folder) == uninterrupted


def workers(process: subprocess.Popen[str]) -> list[int]:
    return [
        worker for worker, command in alive(process.pid, but=process.pid) if "popen_loky" in command
    ]


@pytest.mark.nightly
def test_the_work_of_a_worker_that_the_system_ends_is_done_again(
    preset: Path, tmp_path: Path, uninterrupted: dict[int, bytes]
) -> None:
    folder = tmp_path / "out"
    process = start_and_wait(arguments(preset, folder, jobs=2), folder)
    there = workers(process)
    assert len(there) == 2
    os.kill(there[0], signal.SIGKILL)
    called = finish(process)
    assert called.code == 0, called.err
    assert "Traceback" not in called.err
    wait_until(lambda: not list(alive(process.pid)), seconds=20)
    assert scores(folder) == uninterrupted
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.nightly
def test_a_unit_whose_worker_the_system_ends_twice_fails_and_the_others_go_on(
    preset: Path, tmp_path: Path, uninterrupted: dict[int, bytes]
) -> None:
    folder = tmp_path / "out"
    process = start_nasbench(*arguments(preset, folder, jobs=2))
    while process.poll() is None:
        if list(folder.glob(".one-shot-seed1.lock")):
            for worker in workers(process):
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
        time.sleep(0.02)
    called = finish(process)
    assert called.code == 1
    assert called.err.splitlines()[-1] == (
        "nasbench: 1 of 4 runs failed: one-shot seed 1: the system ended its worker twice, perhaps "
        "for lack of memory; run it with fewer jobs"
    )
    assert "Traceback" not in called.err
    wait_until(lambda: not list(alive(process.pid)), seconds=20)
    check_kept(folder, {seed: found for seed, found in uninterrupted.items() if seed != 1})
    assert len(scores(folder)) == 3


@pytest.mark.nightly
def test_workers_whose_main_process_is_killed_end(preset: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = start_and_wait(arguments(preset, folder, jobs=2), folder)
    process.kill()
    process.communicate()
    wait_until(lambda: not list(alive(process.pid)), seconds=20)
    assert nasbench(*arguments(preset, folder, jobs=1)).code == 0
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.nightly
@pytest.mark.parametrize("module", ["click", "torch", "benchmark.app.running.runner"])
def test_an_interrupt_during_an_import(preset: Path, tmp_path: Path, module: str) -> None:
    code = f"""
import signal, sys

class Interrupter:
    def find_spec(self, name, *_):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
from benchmark.app.cli import main
main()
"""
    called = finish(start_nasbench(*arguments(preset, tmp_path / "out", jobs=2), code=code))
    check_interrupted(called)
    assert not (tmp_path / "out").exists()
