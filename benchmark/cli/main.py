"""The way in: the commands are imported where Ctrl-C is caught already."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable

INTERRUPTED = 130  # what shells give for Ctrl-C: 128 and the number of its signal
PATIENCE = 5.0  # seconds in which Ctrl-C pressed again is still the same


def main() -> None:
    """Run the command line and end the process with its exit code."""
    signal.signal(signal.SIGINT, _patient_interrupt())
    try:
        from benchmark.cli.commands import run_command_line

        code = run_command_line()
    except KeyboardInterrupt:
        print(
            "nasbench: interrupted; what is finished is kept, run the command again to go on",
            file=sys.stderr,
        )
        code = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said: the way out is not interrupted
    sys.exit(code)


def _patient_interrupt() -> Callable[..., None]:
    """Return a handler of Ctrl-C that lets nobody interrupt the cleaning up after the first."""
    last = -math.inf

    def interrupt(*_: object) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > PATIENCE:
            last = now
            raise KeyboardInterrupt

    return interrupt
