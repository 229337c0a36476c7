"""Runs killed at random moments, once or several times, end as if nobody had.

NASBENCH_KILLS says how many runs to try, NASBENCH_KILL_SEED which moments, and
NASBENCH_KILL_PRESET what to run, such as ci.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from benchmark.store import RunRecord, read_records
from tests.command_line import finish, start_nasbench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(36_000),
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills a group of processes"),
]
RUNS = int(os.environ.get("NASBENCH_KILLS") or 3)
SEED = int(os.environ.get("NASBENCH_KILL_SEED") or 0)
PRESET = os.environ.get("NASBENCH_KILL_PRESET")
METHODS = ("one-shot", "few-shot", "gm")
MOST_KILLS = 3  # of one run

Records = dict[str, RunRecord]


def arguments(preset: str | Path, folder: Path, jobs: int, every: str) -> list[str]:
    methods = [word for method in METHODS for word in ("--method", method)]
    where = ["--preset", str(preset), "--out", str(folder), "--jobs", str(jobs)]
    return ["run", *methods, "--seeds", "1", *where, "--checkpoint-every", every]


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


@pytest.fixture(scope="module")
def whole(
    preset: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str | Path, Records, float]:
    """Return what is run, the records of an uninterrupted run, and how long it took."""
    chosen = PRESET or preset
    folder = tmp_path_factory.mktemp("whole") / "out"
    start = time.monotonic()
    called = finish(start_nasbench(*arguments(chosen, folder, 1, "never")), seconds=3_600)
    assert called.code == 0, called.err
    return chosen, records(folder), time.monotonic() - start


@pytest.mark.parametrize("number", range(RUNS))
def test_a_killed_run_ends_with_the_same_bits(
    whole: tuple[str | Path, Records, float],
    tmp_path: Path,
    number: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen, expected, seconds = whole
    generator = random.Random(f"{SEED} {number}")
    folder, jobs = tmp_path / "out", generator.choice([1, 2])
    every = generator.choice(["20", "100", "1s"])
    kept: dict[Path, bytes] = {}
    kills = 0
    for _ in range(generator.randint(1, MOST_KILLS)):
        process = start_nasbench(*arguments(chosen, folder, jobs, every))
        end = time.monotonic() + generator.uniform(0, seconds)
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        there = {path: path.read_bytes() for path in folder.glob("[!.]*-seed*.json")}
        for path, contents in kept.items():
            assert there[path] == contents, f"{path.name} was made again"
        kept = there
    called = finish(start_nasbench(*arguments(chosen, folder, jobs, every)), seconds=3_600)
    assert called.code == 0, called.err
    for path, contents in kept.items():
        assert path.read_bytes() == contents, f"{path.name} was made again"
    found = records(folder)
    assert found.keys() == expected.keys()
    for name, record in found.items():
        assert bits(record) == bits(expected[name]), name
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
    taken_up = sum(record.provenance["resumed"] for record in found.values())
    with capsys.disabled():
        print(
            f"run {number}: {kills} kills, checkpoints every {every}, jobs {jobs}, "
            f"{taken_up} taken up, {len(kept)} kept: same bits",
            file=sys.stderr,
        )
