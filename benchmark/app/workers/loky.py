"""Worker processes of this machine, by joblib's loky: each result is returned as it comes.

Workers ignore signals, which the main process handles, and end when the pool or the main process
does.
"""

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import parent_process
from typing import Any, TypeVar

from joblib.externals.loky import ProcessPoolExecutor

from benchmark.app.workers.reproducible import reproducible
from benchmark.app.workers.stopping import SIGNALS
from benchmark.errors import CheckError

Result = TypeVar("Result")

FOLLOW_EVERY = 0.5  # seconds between a worker's checks whether its main process lives
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    # a random.py in the working folder is not Python's own (from Python 3.11 on)
    "PYTHONSAFEPATH": "1",
}


class WorkerDiedError(CheckError):
    """The system ended a worker before its work was done."""


class Pool:
    """This process, or worker processes that wait for calls."""

    def __init__(self, jobs: int, executor: Executor | None) -> None:
        self._jobs, self._executor = jobs, executor

    def results(
        self, call: Callable[..., Result], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Result]:
        """Yield what a function returns for each of some arguments, in the order they finish.

        What it raises is raised here. Arguments are drawn when a worker is free for them; with
        workers they and the results must be picklable.
        """
        if self._executor is None:
            for one in arguments:
                yield _call(call, *one)
            return
        left, running = iter(arguments), set[Future[Result]]()
        while True:
            for one in islice(left, self._jobs - len(running)):
                running.add(self._executor.submit(_call, call, *one))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


@contextmanager
def worker_pool(jobs: int, *, in_process: bool | None = None) -> Iterator[Pool]:
    """Give a pool of workers; ``in_process`` by default where there is one job."""
    if in_process or (in_process is None and jobs == 1):
        yield Pool(1, None)
        return
    executor = ProcessPoolExecutor(jobs, initializer=_prepare, env=_ENVIRONMENT)
    is_done = False
    try:
        _start_workers(executor)
        with warnings.catch_warnings():
            # loky replaces workers whose memory has grown, which loses nothing.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
            yield Pool(jobs, executor)
        is_done = True
    except BrokenProcessPool as error:
        raise WorkerDiedError(
            "the system ended a worker, perhaps for lack of memory; what is finished is kept, "
            "run the rest with fewer jobs"
        ) from error
    finally:
        executor.shutdown(wait=True, kill_workers=not is_done)


def _start_workers(executor: Executor) -> None:
    """Start workers that ignore signals from their first instruction on, as they inherit it."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        executor.submit(os.getpid)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _prepare() -> None:
    """Ignore signals in a worker, and end it if its main process is killed."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.pid,), daemon=True).start()


def _follow(parent: int | None) -> None:
    """End this process when ``parent``, which started it, is not its parent any more."""
    while os.getppid() == parent:
        time.sleep(FOLLOW_EVERY)
    os._exit(1)


def _call(call: Callable[..., Result], *arguments: Any) -> Result:
    with reproducible():
        return call(*arguments)
