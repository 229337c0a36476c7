"""Where independent calls are worked on: processes of this machine, or those of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmark.app.workers.dask import Cluster, cluster
from benchmark.app.workers.loky import Pool, worker_pool
from benchmark.errors import InputError


@dataclass(frozen=True)
class Workers:
    """Who works.

    Attributes:
        jobs: Processes of this machine; 1 is this one.
        scheduler: Address of the scheduler whose workers work instead, or None.
    """

    jobs: int = 1
    scheduler: str | None = None

    @property
    def are_elsewhere(self) -> bool:
        """Whether they may not see this machine's files."""
        return self.scheduler is not None

    @contextmanager
    def pool(self, calls: int) -> Iterator[Pool | Cluster]:
        """Give a pool of workers for so many calls.

        Raises:
            InputError: The cluster's library is not installed.
            CheckError: The cluster cannot be used, or goes away.
            WorkerDiedError: The system ended a worker.

        Example:
            >>> with Workers(jobs=1).pool(2) as pool:
            ...     list(pool.results(divmod, [(7, 2), (9, 5)]))
            [(3, 1), (1, 4)]
        """
        if self.scheduler is not None:
            with cluster(self.scheduler) as found:
                yield found
            return
        with worker_pool(min(self.jobs, calls)) as pool:
            yield pool


HERE = Workers()


def chosen_workers(jobs: int, backend: str | None, scheduler: str | None) -> Workers:
    """Return the workers that a user asks for.

    Args:
        jobs: Processes, where this machine works.
        backend: ``loky`` for this machine, ``dask`` for a cluster, or None for what fits.
        scheduler: Address of the cluster's scheduler, or None.

    Raises:
        InputError: Backend and scheduler do not fit each other.

    Example:
        >>> chosen_workers(2, None, "tcp://10.0.0.1:8786").scheduler
        'tcp://10.0.0.1:8786'
    """
    if backend == "dask" and scheduler is None:
        raise InputError(
            "--backend dask needs --scheduler: give the address that `dask scheduler` prints, "
            "such as tcp://10.0.0.1:8786"
        )
    if backend == "loky" and scheduler is not None:
        raise InputError("--scheduler is for --backend dask: leave one of them out")
    return Workers(jobs, scheduler)
