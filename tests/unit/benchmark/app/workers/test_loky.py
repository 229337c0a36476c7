"""Calls in worker processes, each result as it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

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
    handlers = [signal.getsignal(number) for number in SIGNALS]
    drawn: list[int] = []

    def draw() -> Iterator[tuple[int]]:
        for number in range(8):
            drawn.append(number)
            yield (number,)

    with worker_pool(jobs) as pool:
        assert [signal.getsignal(number) for number in SIGNALS] == handlers
        found = []
        for result in pool.results(where, draw()):
            found.append(result)
            assert len(drawn) - len(found) < jobs  # none before a worker is free for it
    assert sorted(number for number, _, _ in found) == list(range(8))
    assert {threads for _, _, threads in found} == {1}
    in_workers = {process for _, process, _ in found} - {os.getpid()}
    assert bool(in_workers) == (jobs > 1)
    assert [signal.getsignal(number) for number in SIGNALS] == handlers


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_call_raises_is_raised_here(jobs: int) -> None:
    with pytest.raises(InputError, match="not this one"), worker_pool(jobs) as pool:
        list(pool.results(refuse, [(number,) for number in range(4)]))


def test_a_worker_that_dies_is_an_error_of_ours() -> None:
    with pytest.raises(WorkerDiedError, match="ended a worker"), worker_pool(2) as pool:
        list(pool.results(die, [(number,) for number in range(4)]))


def test_a_worker_ends_whose_main_process_died_before_it_looked() -> None:
    """Its parent is then another than the one that started it, from the first check on."""
    code = "from benchmark.app.workers.loky import _follow; _follow(1)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 1
