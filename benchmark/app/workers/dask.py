"""Workers of a Dask cluster: calls go to its scheduler, results come back.

If a worker dies, the scheduler gives its call to another one. Each call logs its start and end with
the scheduler, so one that has started twice without ending is not tried a third time, and a call
that only waited on a dying worker is not blamed. Workers must run the same versions as this
process, because numbers and formats depend on them.
"""

from __future__ import annotations

import logging
import pickle
import platform
import re
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from benchmark.app.workers.loky import WorkerDiedError
from benchmark.app.workers.reproducible import reproducible
from benchmark.errors import CheckError, InputError, fault_line, in_one_line
from benchmark.records.provenance import code_state

if TYPE_CHECKING:
    from distributed import Client, Future, as_completed

Result = TypeVar("Result")

CONNECT_TIMEOUT = 15.0  # seconds to wait for a scheduler, and for its first worker
POLL = 0.05  # seconds between checks for results
CHECK_EVERY = 5.0  # seconds between checks for workers
WARN_AFTER = 60.0  # seconds without workers
RETRIES = 1  # of a call whose worker died
DIED_REMOTELY = "it ended two workers, perhaps for lack of memory; give workers more of it"
_UNREADABLE = (ImportError, AttributeError, TypeError, SyntaxError, pickle.UnpicklingError)
_STARTED, _ENDED = "started", "ended"
_LIBRARIES = ("nasbench-suite", "torch", "numpy", "scipy", "distributed")


class Cluster:
    """The workers of a scheduler at an address, through a connected client."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address

    def results(
        self, call: Callable[..., Result], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Result]:
        """Yield what a function returns for each of some arguments, in the order they finish.

        What it raises is raised here. The arguments, picklable, are all drawn at once.

        Raises:
            CheckError: The scheduler has gone, or a worker runs other versions.
            WorkerDiedError: A call ended two workers; all others are done.
        """
        from distributed import KilledWorker, as_completed

        here, run = versions(), uuid4().hex
        calls = [
            pickle.dumps(_Call((here, f"nasbench-{run}-{place}", call, *one)))
            for place, one in enumerate(arguments)
        ]
        futures = [self._client.submit(pickle.loads, one, pure=False) for one in calls]
        died = False
        completed = as_completed(futures, loop=self._client.loop)
        for future in self._completed(completed):
            if future.status in ("lost", "pending") and self._client.status == "running":
                completed.add(future)  # its worker died with the result: it runs again
                continue
            if future.status in ("lost", "pending", "cancelled"):
                raise CheckError(_gone(self._address))
            if future.status == "error":
                error: BaseException | None = future.exception()
                if not isinstance(error, KilledWorker | WorkerDiedError):
                    raise self._fault(error)
                died = True
                continue
            result = future.result()
            future.release()
            if isinstance(result, _Raised):
                raise result.error
            yield result
        if died:
            raise WorkerDiedError(
                "a call ended both workers that ran it, perhaps for lack of "
                "memory; what is finished is kept"
            )

    def _completed(self, completed: as_completed) -> Iterator[Future[Any]]:
        """Yield futures as they complete; warn once while there are no workers."""
        last_seen = next_check = time.monotonic()
        warned = False
        while completed.count():
            batch = completed.next_batch(block=False)
            yield from batch
            if batch:
                continue
            time.sleep(POLL)
            now = time.monotonic()
            if now < next_check:
                continue
            next_check = now + CHECK_EVERY
            if self._has_workers():
                last_seen, warned = now, False
            elif not warned and now - last_seen >= WARN_AFTER:
                warned = True
                print(
                    f"the scheduler at {self._address} has had no worker for {WARN_AFTER:.0f} s: "
                    "start some, or end this command with Ctrl-C, which keeps what is finished",
                    file=sys.stderr,
                )

    def _has_workers(self) -> bool:
        """Whether there are workers; a scheduler that does not answer fails the calls instead."""
        try:
            return bool(self._client.nthreads())
        except OSError:
            return True

    def _fault(self, error: BaseException | None) -> BaseException:
        """Return the message for an error around a call: what the call raises is a result."""
        if error is None:
            return CheckError(_gone(self._address))
        if isinstance(error, CheckError):
            return error
        if isinstance(error, _UNREADABLE):
            return CheckError(
                f"a worker of {self._address} cannot run this version ({in_one_line(error)}): "
                "install the same nasbench-suite there"
            )
        return CheckError(
            f"a worker of {self._address} failed: {in_one_line(error)}; what is finished is kept"
        )


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """Connect to a scheduler while the block runs."""
    if not re.fullmatch(r"((tcp|tls|ws|wss|ucx)://)?[\w.-]+:[0-9]{1,5}", address):
        raise InputError(
            f"{address[:100]!r} is no address of a scheduler: write tcp://10.0.0.1:8786, say"
        )
    try:
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        raise InputError(
            "other machines need dask.distributed, which is not installed: "
            "pip install 'nasbench-suite[dask]'"
        ) from error
    with warnings.catch_warnings(), _without_logging():
        warnings.simplefilter("ignore")  # `check_versions` compares versions, in one line
        client = _connect(address)
        try:
            client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)
        except TimeoutError as error:
            client.close(timeout=CONNECT_TIMEOUT)
            raise CheckError(
                f"the scheduler at {address} has no workers: start some with `dask worker "
                f"{address} --nthreads 1`"
            ) from error
        try:
            yield Cluster(client, address)
        except CommClosedError as error:
            raise CheckError(_gone(address)) from error
        finally:
            client.close(timeout=CONNECT_TIMEOUT)


def _connect(address: str) -> Client:
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise CheckError(
            f"cannot reach a scheduler at {address[:100]}: {_first_line(error)}; start one "
            "with `dask scheduler`, or correct --scheduler"
        ) from error
    except Exception as error:  # missing certificates, other versions: any kind
        raise CheckError(
            f"cannot use the scheduler at {address[:100]}: {_first_line(error)}; it must run "
            "the same version of distributed, and take connections like --scheduler says"
        ) from error


@contextmanager
def _without_logging() -> Iterator[None]:
    """Silence the library's reports on lost connections, which are reported here in one line."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@cache
def versions() -> dict[str, str]:
    """Return the versions that a worker must share with the process it works for."""
    found = {"Python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "none"
    return found | {"the commit": str(code_state()[0])}


def check_versions(here: Mapping[str, str], there: Mapping[str, str]) -> None:
    """Raise a CheckError if the versions of a process and ``there``, its worker's, differ."""
    for name in here.keys() | there.keys():
        if here.get(name) != there.get(name):
            raise CheckError(
                f"worker on {socket.gethostname()} has {name} {there.get(name)}, this process "
                f"{here.get(name)}; install the same there"
            )


@dataclass(frozen=True)
class _Raised:
    """An error that the call itself raised, as opposed to one around it."""

    error: Exception


@dataclass(frozen=True)
class _Call:
    """A call of `_remote` that is made by unpickling it.

    A worker that cannot import the function then fails the call. Were the function given to Dask,
    the worker would fail to read the message, and the call would never end.
    """

    arguments: tuple[Any, ...]

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Let unpickling make the call."""
        return _remote, self.arguments


def _remote(
    here: Mapping[str, str], topic: str, call: Callable[..., Result], *arguments: Any
) -> Result | _Raised:
    """Call a function on a worker that has the right versions."""
    check_versions(here, versions())
    with _logged(topic), reproducible():
        try:
            return call(*arguments)
        except Exception as error:
            try:
                pickle.dumps(error)
            except Exception:
                return _Raised(CheckError(fault_line(error)))
            return _Raised(error)


@contextmanager
def _logged(topic: str) -> Iterator[None]:
    """Log under a call's topic that it starts, and that its worker lived to its end."""
    from distributed import get_client

    client = get_client()
    events = [message for _, message in client.get_events(topic)]
    if events.count(_STARTED) - events.count(_ENDED) > RETRIES:
        raise WorkerDiedError("its workers died")
    client.log_event(topic, _STARTED)
    try:
        yield
    finally:
        client.log_event(topic, _ENDED)


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message that is not empty."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def _gone(address: str) -> str:
    return (
        f"the scheduler at {address} has gone; what is finished is kept, run the command again "
        "when it is back"
    )
