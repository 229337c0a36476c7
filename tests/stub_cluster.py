"""Stands in for the workers of a cluster, one of whose calls ends two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmark.app.workers.backends import Workers
from benchmark.app.workers.loky import WorkerDiedError


class StubCluster(Workers):
    """Calls in this process, all but those that are deadly.

    Args:
        is_deadly: Says of a call's arguments whether it ends its worker.
    """

    def __init__(self, is_deadly: Callable[..., bool]) -> None:
        super().__init__(scheduler="tcp://10.0.0.1:8786")
        self.rounds = 0
        self._is_deadly = is_deadly

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # it counts, although workers are frozen

    @contextmanager
    def pool(self, calls: int) -> Iterator[Any]:
        self.rounds += 1
        yield self

    def results(self, call: Callable[..., Any], arguments: Any) -> Iterator[Any]:
        given = list(arguments)
        yield from (call(*one) for one in given if not self._is_deadly(*one))
        if any(self._is_deadly(*one) for one in given):
            raise WorkerDiedError("it ended both workers that it was given to")
