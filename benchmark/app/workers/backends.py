"""Where independent calls run: in processes of this machine, or on a Dask cluster."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from benchmark.app.workers.dask import Cluster, cluster
from benchmark.app.workers.loky import Pool, worker_pool
from benchmark.errors import InputError


@dataclass(frozen=True)
class Workers:
    """Which workers to use."""

    jobs: int = 1  # processes of this machine; 1 means the main process itself
    scheduler: str | None = None  # address of a Dask scheduler to use instead

    @property
    def are_remote(self) -> bool:
        """Whether workers may be on other machines, which do not see this one's files."""
        return self.scheduler is not None

    def pool(
        self, calls: int, *, in_process: bool | None = None
    ) -> AbstractContextManager[Pool | Cluster]:
        """Return a `cluster`, or a `worker_pool` for a number of calls."""
        if self.scheduler is not None:
            return cluster(self.scheduler)
        return worker_pool(min(self.jobs, calls), in_process=in_process)


LOCAL = Workers()


def chosen_workers(jobs: int, backend: str | None, scheduler: str | None) -> Workers:
    """Return the workers that a user asks for.

    The backend is ``loky`` for this machine or ``dask`` for a cluster, which needs the address of
    its ``scheduler``; None goes by that.
    """
    if backend == "dask" and scheduler is None:
        raise InputError(
            "--backend dask needs --scheduler: give the address that `dask scheduler` prints, "
            "such as tcp://10.0.0.1:8786"
        )
    if backend == "loky" and scheduler is not None:
        raise InputError("--scheduler is for --backend dask: leave one of them out")
    return Workers(jobs, scheduler)
