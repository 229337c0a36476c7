"""Being asked to stop: the first signal lets the work come to a safe place, the next does not wait.

Whoever works says how it can be told; where nobody does, a signal interrupts at once.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmark.errors import StoppedError

SIGNALS = (signal.SIGINT, signal.SIGTERM)

_tell: list[Callable[[int], None]] = []  # who works now, the innermost last


@contextmanager
def stoppable(tell: Callable[[int], None]) -> Iterator[None]:
    """Be told of the first signal instead of being interrupted by it, within the block.

    Args:
        tell: Called with the signal's number, between any two instructions of the main thread.
    """
    _tell.append(tell)
    try:
        yield
    finally:
        if tell in _tell:
            _tell.remove(tell)


def ask_to_stop(number: int) -> None:
    """Tell who works now of a signal.

    Args:
        number: Number of the signal.

    Raises:
        StoppedError: Nobody can be told, or was told before.

    Example:
        >>> told = []
        >>> with stoppable(told.append):
        ...     ask_to_stop(15)
        >>> told
        [15]
    """
    if not _tell:
        raise StoppedError(number)
    _tell.pop()(number)
