"""Several processes with one folder: each unit is done once, and what one leaves another takes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmark.records import Unit, read_records, record_path
from benchmark.records.claims import claims, owner_of
from tests.command_line import finish, nasbench, start_nasbench

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7_200)]
REPEATS = int(os.environ.get("NASBENCH_REPEATS") or 1)
KILLS = (0, 1) if REPEATS > 1 else (1,)  # where one is killed, the others share as well
SEEDS = 6


def arguments(preset: Path, folder: Path) -> list[str]:
    where = ["--preset", str(preset), "--out", str(folder), "--jobs", "1"]
    return ["run", "--method", "gm", "--seeds", str(SEEDS), *where]


@pytest.fixture(scope="module")
def alone(preset: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """Return the scores of each seed."""
    folder = tmp_path_factory.mktemp("alone")
    assert nasbench(*arguments(preset, folder)).code == 0
    return scores(folder)


def scores(folder: Path) -> dict[int, bytes]:
    return {record.seed: record.scores.tobytes() for record in read_records(folder)}


def written(log: Path) -> Counter[str]:
    return Counter(log.read_text().split("\n")[:-1])


def wait_for_owner(
    folder: Path, processes: list[subprocess.Popen[str]], count: int
) -> subprocess.Popen[str]:
    """Return a process that works on a seed, as soon as there are so many records."""
    by_number = {process.pid: process for process in processes}
    while any(process.poll() is None for process in processes):
        is_time = len(list(folder.glob("[!.]*-seed*.json"))) >= count
        for seed in range(SEEDS) if is_time else ():
            for path in claims(folder, "gm", seed):
                owner = owner_of(path)
                if owner is not None and not record_path(folder, Unit("gm", "rsps", seed)).exists():
                    return by_number[owner.process]
        time.sleep(0.01)
    pytest.fail("all ended before one could be killed")


@pytest.mark.parametrize("repeat", range(REPEATS))
@pytest.mark.parametrize("kills", KILLS)
def test_four_processes_share_a_folder(
    preset: Path, tmp_path: Path, alone: dict[int, bytes], kills: int, repeat: int
) -> None:
    folder, log = tmp_path / "out", tmp_path / "log"
    code = f"""
from benchmark.app.running import runner

def write(record, folder, write=runner.write_record):
    path = write(record, folder)
    with open({str(log)!r}, "a") as file:
        print(record.seed, file=file)
    return path

runner.write_record = write
from benchmark.app.cli import main
main()
"""
    generator = random.Random(repeat)
    processes = [start_nasbench(*arguments(preset, folder), code=code) for _ in range(4)]
    killed = []
    if kills:  # after some records, before the last
        victim = wait_for_owner(folder, processes, generator.randrange(SEEDS // 2))
        os.killpg(victim.pid, signal.SIGKILL)
        killed.append(victim)
    called = [finish(process) for process in processes if process not in killed]
    assert [finish(process).code for process in killed] == [-signal.SIGKILL] * kills
    assert [one.code for one in called] == [0] * len(called), [one.err for one in called]
    done = written(log)
    assert set(done) == {str(seed) for seed in range(SEEDS)}
    assert set(done.values()) == {1}
    assert scores(folder) == alone
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
