"""When a run writes a checkpoint, and how it stops at one."""

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
class CheckpointInterval:
    """How often a checkpoint is written; never if both are None."""

    steps: int | None = None  # safe places, which are steps of training, between two checkpoints
    seconds: float | None = None  # seconds between two checkpoints


DEFAULT = CheckpointInterval(seconds=300.0)
_UNITS = {"": None, "s": 1.0, "min": 60.0, "h": 3600.0}


def parse_interval(text: str) -> CheckpointInterval:
    """Read how often to write checkpoints: steps, a time in ``s``, ``min`` or ``h``, or ``never``.

    Example:
        >>> [parse_interval(text).seconds for text in ("500", "5min", "never")]
        [None, 300.0, None]
    """
    if text == "never":
        return CheckpointInterval()
    match = re.fullmatch(r"([1-9][0-9]{0,8}) ?(s|min|h|)", text)
    if not match:
        raise InputError(
            f"checkpoints every {text[:40]!r}: write steps, like 500, a time, like 30s, 5min or "
            "1h, or never"
        )
    number, unit = int(match[1]), _UNITS[match[2]]
    return (
        CheckpointInterval(steps=number)
        if unit is None
        else CheckpointInterval(seconds=number * unit)
    )


_TRIPPED = (
    *(ArithmeticError, AttributeError, InputError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)


@contextmanager
def reading_checkpoint() -> Iterator[None]:
    """Turn any error that a checkpoint's contents cause within the block into a `CheckError`."""
    try:
        yield
    except _TRIPPED as error:
        raise CheckError(
            "its checkpoint is not as this program writes it: delete it, and the run starts over"
        ) from error


def whole_number(value: object) -> int:
    """Return a value of a checkpoint after checking that it is an integer of 0 or more."""
    if type(value) is not int or value < 0:
        raise InputError(f"{value!r:.60} is no whole number of 0 or more")
    return value


class Stopwatch:
    """Seconds that a run has worked, in earlier processes too; waiting is left out.

    Attributes:
        earlier: Seconds worked in earlier processes.
    """

    def __init__(self) -> None:
        self.earlier = 0.0
        self._start = time.monotonic()  # the time of day may jump

    @property
    def seconds(self) -> float:
        """Seconds worked so far."""
        return self.earlier + time.monotonic() - self._start

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Leave out the time within the block."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._start += time.monotonic() - start


class Checkpoints:
    """The checkpoint of one run, none without a path; ``note`` says why one was not used.

    ``key`` are plain values that it must have been written with to be resumed from.

    A run calls `save_if_due` at every safe place: where its whole state can be described. It uses
    `saving_if_stopped` around work without safe places: stopping there saves the state before it.
    """

    def __init__(
        self,
        path: Path | None = None,
        key: Mapping[str, Any] | None = None,
        every: CheckpointInterval = DEFAULT,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.note = ""
        self.resumed = 0
        self.watch = Stopwatch()
        self._path = path
        self._key = dict(key or {})
        self._every = every
        self._is_stopped = is_stopped
        self._held: State | None = None
        self._has_visited = False
        self._steps, self._written = 0, time.monotonic()

    def load(self) -> Mapping[str, Any] | None:
        """Return the state that an earlier run with the same key saved last, or None."""
        if self._path is None or not self._path.exists():
            return None
        try:
            contents = read_checkpoint(self._path)
        except InputError as error:
            self.note = f"{error}; the run starts over"
            return None
        if contents.get("key") != self._key:
            self.note = f"{self._path} is of another task, machine or version; the run starts over"
            return None
        with reading_checkpoint():
            self.resumed = whole_number(contents.get("resumed", 0)) + 1
            seconds = float(contents.get("seconds", 0))
            if not 0 <= seconds < math.inf:
                raise InputError(f"{seconds} is no number of seconds")
            self.watch.earlier = seconds
        return contents

    def save_if_due(self, state: State) -> None:
        """Save what ``state`` returns, if a checkpoint is due or the run should stop.

        Raises:
            StoppedError: The run should stop; its state is saved.
        """
        self._has_visited = True
        self._steps += 1
        if self._is_stopped():
            self._save(state)
            raise StoppedError
        if self._is_due():
            self._save(state)

    @contextmanager
    def saving_if_stopped(self, state: State) -> Iterator[None]:
        """Save what ``state`` returns if the run is stopped within the block."""
        self.save_if_due(state)
        self._held = state
        try:
            yield
        finally:
            self._held = None

    def check_stop(self) -> None:
        """Raise a `StoppedError` if the run should stop, unless the next safe place is near."""
        if self._is_stopped():
            if self._has_visited and self._held is None:
                return
            if self._held is not None:
                self._save(self._held)
            raise StoppedError

    def _is_due(self) -> bool:
        every = self._every
        if every.steps is not None and self._steps >= every.steps:
            return True
        return every.seconds is not None and time.monotonic() - self._written >= every.seconds

    def _save(self, state: State) -> None:
        if self._path is not None and self._every != CheckpointInterval():
            about = {"key": self._key, "resumed": self.resumed, "seconds": self.watch.seconds}
            write_checkpoint({**state(), **about}, self._path)
        self._steps, self._written = 0, time.monotonic()
