"""Worker processes: independent calls side by side, each result handed over as it comes.

Workers leave signals to the main process, compute on one thread each, and end when the pool does.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Any, TypeVar

import joblib
import torch

from benchmark.app.workers.memory import kept_memory
from benchmark.app.workers.stopping import SIGNALS
from benchmark.errors import CheckError

Result = TypeVar("Result")

FOLLOW_EVERY = 0.5  # seconds between a worker's looks at whether its main process lives
_FOLLOWER = "nasbench follower"
DIED_ELSEWHERE = "it ended two workers, perhaps for want of memory; give workers more of it"
THREADS = 1  # of a call; more would change the order of sums, and with it bits


def settle() -> None:
    """Let what this process computes not depend on chance, nor on how many others compute."""
    torch.set_num_threads(THREADS)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


class WorkerDiedError(CheckError):
    """The system ended a worker before its work."""


class Pool:
    """Worker processes that wait for calls.

    Args:
        parallel: joblib's own pool.
    """

    def __init__(self, parallel: joblib.Parallel) -> None:
        self._parallel = parallel

    def results(
        self, call: Callable[..., Result], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Result]:
        """Yield what a function returns for each of some arguments, in the order they are done.

        Args:
            call: The function; what it raises is raised here.
            arguments: Positional arguments of each call; they and the results can be pickled.

        Yields:
            The results. They do not say whose they are: let the function return that as well.
        """
        calls = (joblib.delayed(_alone)(call, *one) for one in arguments)
        yield from self._parallel(calls)


@contextmanager
def worker_pool(jobs: int) -> Iterator[Pool]:
    """Give a pool of workers.

    Args:
        jobs: Number of processes; 1 is this one.

    Raises:
        WorkerDiedError: The system ended a worker.

    Example:
        >>> with worker_pool(1) as pool:
        ...     list(pool.results(divmod, [(7, 2), (9, 5)]))
        [(3, 1), (1, 4)]
    """
    pool = joblib.Parallel(
        n_jobs=jobs, backend="loky", return_as="generator_unordered", initializer=_settle
    )
    try:
        with warnings.catch_warnings(), pool as parallel:
            # loky replaces workers that have grown, which loses nothing.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
            # What Ctrl-C leaves undone is said by the command.
            warnings.filterwarnings("ignore", message=".*limit unnecessary computation time")
            if jobs > 1:
                _bear_workers(parallel, jobs)
            yield Pool(parallel)
    except BrokenProcessPool as error:
        raise WorkerDiedError(
            "the system ended a worker, perhaps for want of memory; what is finished is kept, "
            "run the rest with fewer jobs"
        ) from error


def _bear_workers(parallel: joblib.Parallel, jobs: int) -> None:
    """Start workers that ignore signals from birth, and end when their main process does."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}  # inherited
    try:
        births = parallel(joblib.delayed(_settle)() for _ in range(jobs))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for _ in births:
        pass


def _alone(call: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function in a process that leaves signals to the main one."""
    _settle()
    settle()
    with kept_memory():
        return call(*arguments)


def _settle() -> None:
    """Leave signals to the main process, and follow it if it is killed, if this is a worker."""
    parent = parent_process()
    if threading.current_thread() is not threading.main_thread() or parent is None:
        return
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if not any(thread.name == _FOLLOWER for thread in threading.enumerate()):
        # Its number as it was told at birth: it may be dead already, and another be the parent.
        threading.Thread(target=_follow, args=(parent.pid,), name=_FOLLOWER, daemon=True).start()


def _follow(parent: int | None) -> None:
    """End this process, whatever it does, when its parent is not the one that bore it."""
    while os.getppid() == parent:
        time.sleep(FOLLOW_EVERY)
    os._exit(1)
