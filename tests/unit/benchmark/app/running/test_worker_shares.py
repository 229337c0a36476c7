from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.app.running.worker_shares import PARTS, WorkerShare, processes_for, worker_shares
from benchmark.errors import StoppedError


def rounds(units: int, jobs: int) -> float:
    """Return how long equal units take, one alone being 1, with one place for each worker."""
    workers = processes_for(units, jobs)
    rights = [WorkerShare(Path(), unit, jobs, units - workers) for unit in range(units)]
    parts = np.zeros(units, dtype=int)
    steps = 0
    while (parts < PARTS).any():
        started = np.flatnonzero(parts < PARTS)[:workers]
        shares = np.full(units, np.nan)
        shares[parts == PARTS] = np.inf
        shares[started] = parts[started] / PARTS
        now = [place for place in started if rights[place].may_compute(shares)]
        assert len(now) == min(jobs, len(started))
        parts[now] += 1
        steps += 1
    return steps / PARTS


@given(st.integers(1, 30), st.integers(1, 8))
def test_no_job_idles_while_there_is_work(units: int, jobs: int) -> None:
    least = max(1, units / jobs)
    assert least <= rounds(units, jobs) <= least + 2 / PARTS + 1e-9


def test_five_units_on_two_workers_take_two_and_a_half_rounds() -> None:
    assert rounds(5, 2) == pytest.approx(2.5, abs=1 / PARTS)


def test_units_before_the_last_go_in_their_order() -> None:
    rights = [WorkerShare(Path(), unit, jobs=2, sharing=4) for unit in range(7)]
    shares = np.array([0.9, 0.1, 0.0, *[np.nan] * 4])
    assert [rights[unit].may_compute(shares) for unit in range(3)] == [True, True, False]
    shares[0] = np.inf
    assert rights[2].may_compute(shares)


def test_those_that_have_done_least_go_first() -> None:
    rights = [WorkerShare(Path(), unit, jobs=1, sharing=0) for unit in range(3)]
    shares = np.array([0.5, 0.3, 0.7])
    assert [rights[unit].may_compute(shares) for unit in range(3)] == [False, True, False]


def test_the_first_never_waits(tmp_path: Path) -> None:
    first, _ = worker_shares(tmp_path / "shares", units=2, jobs=1, sharing=2)
    for share in np.linspace(0, 1, 11):
        first.wait(float(share), pytest.fail)  # which is called by one that waits


def test_a_unit_waits_for_those_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "shares"
    first, second = worker_shares(path, units=2, jobs=1, sharing=2)
    second.wait(0.0, pytest.fail)  # no other has started
    checks: list[int] = []
    waiting = threading.Thread(target=first.wait, args=(0.5, lambda: checks.append(1)))
    waiting.start()
    time.sleep(0.2)
    assert waiting.is_alive()
    code = f"""
from pathlib import Path
from benchmark.app.running.worker_shares import WorkerShare
WorkerShare(Path({str(path)!r}), 1, 1, 0).end()
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[5])
    waiting.join(10)
    assert not waiting.is_alive()
    assert checks


def test_a_unit_that_waits_can_be_stopped(tmp_path: Path) -> None:
    first, second = worker_shares(tmp_path / "shares", units=2, jobs=1, sharing=2)
    second.wait(0.0, pytest.fail)

    def stop() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        first.wait(0.9, stop)
