"""Stands in for a cluster, some of whose calls end two workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from benchmark.app.workers.backends import Workers
from benchmark.app.workers.loky import WorkerDiedError


@dataclass(frozen=True)
class StubCluster(Workers):
    """Makes all calls in this process but those that are deadly.

    Attributes:
        is_deadly: Returns whether a call with some arguments ends its worker.
        calls: How many calls each pool was for.
    """

    scheduler: str | None = "tcp://10.0.0.1:8786"
    is_deadly: Callable[..., bool] = lambda *arguments: False
    calls: list[int] = field(default_factory=list)

    def pool(self, calls: int, *, in_process: bool | None = None) -> AbstractContextManager[Any]:
        self.calls.append(calls)
        return nullcontext(self)

    def results(self, call: Callable[..., Any], arguments: Any) -> Iterator[Any]:
        died = False
        for one in list(arguments):
            if self.is_deadly(*one):
                died = True
            else:
                yield call(*one)
        if died:
            raise WorkerDiedError("it ended both workers that it was given to")
