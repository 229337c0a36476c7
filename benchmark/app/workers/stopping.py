"""Stopping on Ctrl-C or SIGTERM: the first signal lets work reach a checkpoint, the next does not.

Work that can stop by itself registers a function with `stoppable`; without one, a signal interrupts
at once.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmark.errors import StoppedError

SIGNALS = (signal.SIGINT, signal.SIGTERM)

_stops: list[Callable[[int], None]] = []  # of running work, the innermost last


@contextmanager
def stoppable(stop: Callable[[int], None]) -> Iterator[None]:
    """Call ``stop`` at the first signal within the block, instead of interrupting it.

    It gets the signal's number, between any two instructions of the main thread.
    """
    _stops.append(stop)
    try:
        yield
    finally:
        if stop in _stops:
            _stops.remove(stop)


def ask_to_stop(number: int) -> None:
    """Handle a signal.

    Raises:
        StoppedError: No running work is stoppable, or it was asked to stop before.
    """
    if not _stops:
        raise StoppedError(number)
    _stops.pop()(number)
