"""Several processes with one folder: each unit is done once, and what one leaves another takes."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmark.store import read_records
from tests.command_line import finish, nasbench, start_nasbench

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7_200)]
REPEATS = int(os.environ.get("NASBENCH_REPEATS") or 1)
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


@pytest.mark.parametrize("repeat", range(REPEATS))
@pytest.mark.parametrize("kills", [0, 1])
def test_four_processes_share_a_folder(
    preset: Path, tmp_path: Path, alone: dict[int, bytes], kills: int, repeat: int
) -> None:
    folder, log = tmp_path / "out", tmp_path / "log"
    code = f"""
from benchmark import runner

def write(record, folder, write=runner.write_record):
    path = write(record, folder)
    with open({str(log)!r}, "a") as file:
        print(record.seed, file=file)
    return path

runner.write_record = write
from benchmark.cli import main
main()
"""
    generator = random.Random(repeat)
    processes = [start_nasbench(*arguments(preset, folder), code=code) for _ in range(4)]
    killed = []
    if kills:
        while not list(folder.glob(".*.claim.*")):
            time.sleep(0.01)
        time.sleep(generator.uniform(0, 3))
        claimed = [path.read_text() for path in folder.glob(".*.claim.*")]
        victim = next((p for p in processes if any(f"{p.pid}," in text for text in claimed)), None)
        if victim is not None:
            os.killpg(victim.pid, signal.SIGKILL)
            killed.append(victim)
    called = [finish(process) for process in processes if process not in killed]
    for process in killed:
        process.communicate()
    assert [one.code for one in called] == [0] * len(called), [one.err for one in called]
    done = written(log)
    assert set(done) == {str(seed) for seed in range(SEEDS)}
    assert set(done.values()) == {1}
    assert scores(folder) == alone
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
