"""Workers on other machines, by dask.distributed: calls go to a scheduler, results come back.

A call whose worker dies is given to another by the scheduler, once: each tells the scheduler when
it begins and ends, so one that began twice and never ended is not begun again, whatever the
scheduler would allow, and one that merely waited beside it is not blamed. Workers must run the same
versions as this process, because bits and formats depend on them.
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

from benchmark.app.workers.loky import WorkerDiedError, settle
from benchmark.app.workers.memory import kept_memory
from benchmark.errors import CheckError, InputError, fault_line, in_one_line
from benchmark.records.provenance import provenance

if TYPE_CHECKING:
    from distributed import Client, Future, as_completed

Result = TypeVar("Result")

PATIENCE = 15.0  # seconds to wait for a scheduler, and for its first worker
POLL = 0.05  # seconds between two looks at what is done
LOOK = 5.0  # seconds between two looks at whether there are workers
LONELY = 60.0  # seconds without any until it is said
RETRIES = 1  # of a call whose worker died
_LOST_GRAPH = "Error during deserialization of the task graph"  # what a scheduler says
_UNREADABLE = (ImportError, AttributeError, TypeError, SyntaxError, pickle.UnpicklingError)
_BEGUN, _ENDED = "begun", "ended"
_LIBRARIES = ("nasbench-suite", "torch", "numpy", "scipy", "distributed")


class Cluster:
    """Workers that a scheduler has.

    Args:
        client: The connection to it.
        address: Where it is.
    """

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address

    def results(
        self, call: Callable[..., Result], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[Result]:
        """Yield what a function returns for each of some arguments, in the order they are done.

        Args:
            call: The function; what it raises is raised here.
            arguments: Positional arguments of each call; they and the results can be pickled.

        Yields:
            The results.

        Raises:
            CheckError: The scheduler has gone, or a worker runs other versions.
            WorkerDiedError: A call killed two workers; raised when all others are done.
        """
        from distributed import KilledWorker, as_completed

        here, name = versions(), uuid4().hex
        futures = [
            self._client.submit(_remote, here, f"nasbench-{name}-{place}", call, *one, pure=False)
            for place, one in enumerate(arguments)
        ]
        died = False
        completed = as_completed(futures, loop=self._client.loop)
        for future in self._as_they_come(completed):
            if future.status in ("lost", "pending") and self._client.status == "running":
                completed.add(future)  # its worker died with the result: it is done once more
                continue
            if future.status in ("lost", "pending", "cancelled"):
                raise CheckError(_gone(self._address))
            if future.status == "error":
                error: BaseException | None = future.exception()
                if not isinstance(error, (KilledWorker, WorkerDiedError)):
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
                "a piece of work ended both workers that it was given to, perhaps for want of "
                "memory; what is finished is kept"
            )

    def _as_they_come(self, completed: as_completed) -> Iterator[Future[Any]]:
        """Yield futures as they complete; say so where no worker is there for a while."""
        seen = look = time.monotonic()
        told = False
        while completed.count():
            batch = completed.next_batch(block=False)
            yield from batch
            if batch:
                continue
            time.sleep(POLL)
            if time.monotonic() < look:
                continue
            if self._has_workers():
                seen, told = time.monotonic(), False
            elif not told and time.monotonic() - seen >= LONELY:
                told = True
                print(
                    f"the scheduler at {self._address} has had no worker for {LONELY:.0f} s: start "
                    "some, or end this command with Ctrl-C, which keeps what is finished",
                    file=sys.stderr,
                )
            look = time.monotonic() + LOOK

    def _has_workers(self) -> bool:
        """Whether there is one; of a scheduler that does not answer, its calls will tell."""
        try:
            return bool(self._client.nthreads())
        except OSError:
            return True

    def _fault(self, error: BaseException | None) -> BaseException:
        """Return in our own words what went wrong around a call.

        What a call itself raises comes as a result, so a type error, say, comes of reading what is
        to be called.
        """
        if error is None:
            return CheckError(_gone(self._address))
        if isinstance(error, CheckError):
            return error
        if isinstance(error, _UNREADABLE) or _LOST_GRAPH in str(error):
            return CheckError(
                f"a worker of {self._address}, or its scheduler, cannot run this version "
                f"({in_one_line(error).partition('. ')[0]}): install the same nasbench-suite there"
            )
        return CheckError(
            f"a worker of {self._address} failed: {in_one_line(error)}; what is finished is kept"
        )


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """Connect to a scheduler for as long as the block runs.

    Args:
        address: Where it listens, like ``tcp://10.0.0.1:8786``.

    Raises:
        InputError: The address is none, or dask.distributed is not installed.
        CheckError: The scheduler cannot be reached, has no workers, goes away, or its workers run
            other versions.
    """
    if not re.fullmatch(r"((tcp|tls|ws|wss|ucx)://)?[\w.-]+:[0-9]{1,5}", address):
        raise InputError(
            f"{address[:100]!r} is no address of a scheduler: write tcp://10.0.0.1:8786, say"
        )
    try:
        from distributed import Client
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        raise InputError(
            "other machines need dask.distributed, which is not installed: "
            "pip install 'nasbench-suite[dask]'"
        ) from error
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")  # versions are compared by `versions`, in one line
        try:
            client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise CheckError(
                f"cannot reach a scheduler at {address[:100]}: {_first_line(error)}; start one "
                "with `dask scheduler`, or correct --scheduler"
            ) from error
        except Exception as error:  # no certificates, other versions: whatever it may be
            raise CheckError(
                f"cannot use the scheduler at {address[:100]}: {_first_line(error)}; it must run "
                "the same version of distributed, and take connections like --scheduler says"
            ) from error
        try:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError as error:
                raise CheckError(
                    f"the scheduler at {address} has no workers: start some with `dask worker "
                    f"{address} --nthreads 1`"
                ) from error
            yield Cluster(client, address)
        except CommClosedError as error:
            raise CheckError(_gone(address)) from error
        finally:
            client.close(timeout=PATIENCE)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's reports on lost connections to itself: what they mean is said here."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@cache
def versions() -> dict[str, str]:
    """Return what a worker must have in common with the process that it works for.

    Example:
        >>> versions()["torch"] == metadata.version("torch")
        True
    """
    found = {"Python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "none"
    return found | {"the commit": str(provenance("cpu")["commit"])}


def check_versions(here: Mapping[str, str], there: Mapping[str, str]) -> None:
    """Check that a worker has the versions of the process that it works for.

    Args:
        here: `versions` of that process.
        there: Those of the worker.

    Raises:
        CheckError: One differs.

    Example:
        >>> check_versions({"torch": "2.13.0"}, {"torch": "2.12.0"}) # doctest: +ELLIPSIS
        Traceback (most recent call last):
        benchmark.errors.CheckError: worker on ... has torch 2.12.0, this process 2.13.0; install...
    """
    for name in here.keys() | there.keys():
        if here.get(name) != there.get(name):
            raise CheckError(
                f"worker on {socket.gethostname()} has {name} {there.get(name)}, this process "
                f"{here.get(name)}; install the same there"
            )


@dataclass(frozen=True)
class _Raised:
    """What a call raised, told from what went wrong around it."""

    error: Exception


def _remote(
    here: Mapping[str, str], topic: str, call: Callable[..., Result], *arguments: Any
) -> Result | _Raised:
    """Call a function on a worker, on one thread, if it has the right versions."""
    check_versions(here, versions())
    with _told(topic):
        settle()
        try:
            with kept_memory():
                return call(*arguments)
        except Exception as error:
            try:
                pickle.dumps(error)
            except Exception:
                return _Raised(CheckError(fault_line(error)))
            return _Raised(error)


@contextmanager
def _told(topic: str) -> Iterator[None]:
    """Tell the scheduler that a call begins, and that its worker lived to its end.

    Args:
        topic: Where it is told, another for each call.

    Raises:
        WorkerDiedError: It has begun so often that it is not to be tried again.
    """
    from distributed import get_client

    client = get_client()
    told = [message for _, message in client.get_events(topic)]
    if told.count(_BEGUN) - told.count(_ENDED) > RETRIES:
        raise WorkerDiedError("its workers died")
    client.log_event(topic, _BEGUN)
    try:
        yield
    finally:
        client.log_event(topic, _ENDED)


def _first_line(error: Exception) -> str:
    """Return the first line of what an error says that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def _gone(address: str) -> str:
    return (
        f"the scheduler at {address} has gone; what is finished is kept, run the command again "
        "when it is back"
    )
