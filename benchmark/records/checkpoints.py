"""When a run leaves a checkpoint, and how it stops at one."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import CheckError, InputError, StoppedError
from benchmark.records.checkpoint_file import read_checkpoint, write_checkpoint

State = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class Every:
    """How often a checkpoint is written; never, where both are None.

    Attributes:
        steps: After so many safe places, which are steps of training.
        seconds: After so much time.
    """

    steps: int | None = None
    seconds: float | None = None


DEFAULT = Every(seconds=300.0)
_UNITS = {"": None, "s": 1.0, "min": 60.0, "h": 3600.0}


def parse_every(text: str) -> Every:
    """Return how often a text asks for checkpoints.

    Args:
        text: Steps, like ``500``; a time, like ``30s``, ``5min`` or ``1h``; or ``never``.

    Raises:
        InputError: It is none of these.

    Example:
        >>> parse_every("500"), parse_every("5min"), parse_every("never")
        (Every(steps=500, seconds=None), Every(steps=None, seconds=300.0), \
Every(steps=None, seconds=None))
    """
    if text == "never":
        return Every()
    match = re.fullmatch(r"([1-9][0-9]{0,8}) ?(s|min|h|)", text)
    if not match:
        raise InputError(
            f"checkpoints every {text[:40]!r}: write steps, like 500, a time, like 30s, 5min or "
            "1h, or never"
        )
    number, unit = int(match[1]), _UNITS[match[2]]
    return Every(steps=number) if unit is None else Every(seconds=number * unit)


_TRIPPED = (
    *(ArithmeticError, AttributeError, InputError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)


@contextmanager
def taking_up() -> Iterator[None]:
    """Say in one line that a checkpoint cannot be used, whatever its contents trip.

    Raises:
        CheckError: Something in the block was not as expected.
    """
    try:
        yield
    except _TRIPPED as error:
        raise CheckError(
            "its checkpoint is not as this program writes it: delete it, and the run starts anew"
        ) from error


def whole_number(value: object) -> int:
    """Return a number that a checkpoint holds, 0 or more.

    Raises:
        InputError: It is none.

    Example:
        >>> whole_number(3)
        3
    """
    if type(value) is not int or value < 0:
        raise InputError(f"{value!r:.60} stands where a whole number should")
    return value


class Checkpoints:
    """The checkpoint of one run.

    A run visits it at every safe place: where all that it needs to go on can be said. Where it
    works on without one, it holds the last.

    Args:
        path: The file; None keeps nothing.
        key: What a checkpoint must be of to be taken up, as plain values.
        every: How often to write.
        is_stopped: Says whether the run is asked to stop.

    Attributes:
        note: Why an earlier checkpoint was not taken up, or nothing.
        resumed: How many times the run was taken up before.
        seconds: How long it had run before.
    """

    def __init__(
        self,
        path: Path | None = None,
        key: Mapping[str, Any] | None = None,
        every: Every = DEFAULT,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.note = ""
        self.resumed, self.seconds = 0, 0.0
        self._path = path
        self._key = dict(key or {})
        self._every = every
        self._is_stopped = is_stopped
        self._held: State | None = None
        self._is_visited = False
        self._begun = time.monotonic()
        self._steps, self._since = 0, self._begun

    def load(self) -> Mapping[str, Any] | None:
        """Return what an earlier run of the same key saved last, or None.

        Raises:
            CheckError: It is of the key, but not as `visit` saves it.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            contents = read_checkpoint(self._path)
        except InputError as error:
            self.note = f"{error}; the run starts anew"
            return None
        if contents.get("key") != self._key:
            self.note = f"{self._path} is of another task, machine or version; the run starts anew"
            return None
        with taking_up():
            self.resumed = whole_number(contents.get("resumed", 0)) + 1
            seconds = float(contents.get("seconds", 0))
            if not 0 <= seconds < math.inf:
                raise InputError(f"{seconds} stands where seconds should")
            self.seconds = seconds
        return contents

    def visit(self, state: State) -> None:
        """Save what ``state`` gives, if it is time or the run is to stop.

        Raises:
            StoppedError: The run is asked to stop; all is saved.
            CheckError: The system refused to write.
        """
        self._is_visited = True
        self._steps += 1
        if self._is_stopped():
            self._save(state)
            raise StoppedError
        if self._is_due():
            self._save(state)

    @contextmanager
    def holding(self, state: State) -> Iterator[None]:
        """Save what ``state`` gives if the run is asked to stop within the block."""
        self.visit(state)
        self._held = state
        try:
            yield
        finally:
            self._held = None

    def look(self) -> None:
        """Stop, if the run is asked to and nothing would be lost by it.

        Raises:
            StoppedError: The run is asked to stop.
        """
        if self._is_stopped():
            if self._is_visited and self._held is None:
                return  # the next safe place is near
            if self._held is not None:
                self._save(self._held)
            raise StoppedError

    def _is_due(self) -> bool:
        every = self._every
        by_steps = every.steps is not None and self._steps >= every.steps
        passed = time.monotonic() - self._since
        return by_steps or (every.seconds is not None and passed >= every.seconds)

    def _save(self, state: State) -> None:
        if self._path is not None and self._every != Every():
            told = {
                "key": self._key,
                "resumed": self.resumed,
                "seconds": self.seconds + time.monotonic() - self._begun,
            }
            write_checkpoint({**state(), **told}, self._path)
        self._steps, self._since = 0, time.monotonic()
