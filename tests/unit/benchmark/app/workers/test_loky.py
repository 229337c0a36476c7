"""Calls in worker processes, each result as it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import torch

from benchmark.app.workers.loky import WorkerDiedError, worker_pool
from benchmark.app.workers.stopping import SIGNALS
from benchmark.errors import InputError


def where(number: int) -> tuple[int, int, int]:
    return number, os.getpid(), torch.get_num_threads()


def refuse(number: int) -> int:
    if number == 2:
        raise InputError("not this one")
    return number


def die(number: int) -> int:
    if number == 2:
        os._exit(9)
    return number


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_call_is_made_once_on_one_thread(jobs: int) -> None:
    with worker_pool(jobs) as pool:
        found = list(pool.results(where, [(number,) for number in range(8)]))
    assert sorted(number for number, _, _ in found) == list(range(8))
    assert {threads for _, _, threads in found} == {1}
    elsewhere = {process for _, process, _ in found} - {os.getpid()}
    assert bool(elsewhere) == (jobs > 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_call_raises_is_raised_here(jobs: int) -> None:
    with pytest.raises(InputError, match="not this one"), worker_pool(jobs) as pool:
        list(pool.results(refuse, [(number,) for number in range(4)]))


def test_a_worker_that_dies_is_an_error_of_ours() -> None:
    with pytest.raises(WorkerDiedError, match="ended a worker"), worker_pool(2) as pool:
        list(pool.results(die, [(number,) for number in range(4)]))


def test_a_worker_ends_whose_main_process_died_before_it_looked() -> None:
    """Its parent is then another than the one that bore it, from the first look on."""
    code = "from benchmark.app.workers.loky import _follow; _follow(1)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 1


def test_the_main_process_takes_signals_again() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with worker_pool(2) as pool:
        assert [signal.getsignal(number) for number in SIGNALS] == before
        list(pool.results(where, [(0,)]))
    assert [signal.getsignal(number) for number in SIGNALS] == before
