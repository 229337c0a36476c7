"""Workers on other machines, by dask.distributed: calls go to a scheduler, results come back.

A call whose worker dies is given to another by the scheduler; only one that kills its workers again
and again is given up. Workers must run the same versions as this process, because bits and formats
depend on them.
"""

from __future__ import annotations

import logging
import platform
import re
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

from benchmark.allocator import kept_memory
from benchmark.errors import CheckError, InputError
from benchmark.pool import WorkerDiedError, settle
from benchmark.store.provenance import provenance

if TYPE_CHECKING:
    from distributed import Client, Future

Result = TypeVar("Result")

PATIENCE = 15.0  # seconds to wait for a scheduler, and for its first worker
_LOST_GRAPH = "Error during deserialization of the task graph"  # what a scheduler says
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
            WorkerDiedError: A call killed its workers; raised when all others are done.
        """
        from distributed import KilledWorker, as_completed

        here = versions()
        futures = [self._client.submit(_remote, here, call, *one, pure=False) for one in arguments]
        died = False
        completed = as_completed(futures, loop=self._client.loop)
        for future in completed:
            if future.status in ("lost", "pending") and self._client.status == "running":
                completed.add(future)  # its worker died with the result: it is done once more
                continue
            if future.status in ("lost", "pending", "cancelled"):
                raise CheckError(_gone(self._address))
            if future.status == "error":
                error = self._error(future)
                if not isinstance(error, KilledWorker):
                    raise error
                died = True
                continue
            yield future.result()
            future.release()
        if died:
            raise WorkerDiedError(
                "a piece of work ended every worker that it was given to, perhaps for want of "
                "memory; what is finished is kept"
            )

    def _error(self, future: Future[Any]) -> BaseException:
        """Return what went wrong with a call, in our own words where it is not its own error."""
        error: BaseException | None = future.exception()
        if error is None:
            return CheckError(_gone(self._address))
        is_other = isinstance(error, (ModuleNotFoundError, AttributeError, TypeError, SyntaxError))
        if is_other or _LOST_GRAPH in str(error):  # of a worker, or of the scheduler
            raise CheckError(
                f"a worker of {self._address}, or its scheduler, cannot run this version "
                f"({str(error).partition('. ')[0]}): install the same nasbench-suite there"
            ) from error
        return error


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
        except (OSError, TimeoutError, ValueError, CommClosedError) as error:
            why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise CheckError(
                f"cannot reach a scheduler at {address[:100]}: {why}; start one with "
                "`dask scheduler`, or correct --scheduler"
            ) from error
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
            yield Cluster(client, address)
        except (CommClosedError, TimeoutError) as error:
            if client.status != "running":
                raise CheckError(_gone(address)) from error
            raise CheckError(
                f"the scheduler at {address} has no workers: start some with `dask worker "
                f"{address} --nthreads 1`"
            ) from error
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


def _remote(here: Mapping[str, str], call: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function on a worker, on one thread, if it has the right versions."""
    check_versions(here, versions())
    settle()
    with kept_memory():
        return call(*arguments)


def _gone(address: str) -> str:
    return (
        f"the scheduler at {address} has gone; what is finished is kept, run the command again "
        "when it is back"
    )
