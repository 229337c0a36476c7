"""The way in: the commands are imported where signals are caught already."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable

from benchmark.app.workers.stopping import SIGNALS, ask_to_stop

PATIENCE = 5.0  # seconds in which Ctrl-C pressed again is still the same


def main() -> None:
    """Run the command line and end the process with its exit code."""
    handler = _patient_handler()
    for number in SIGNALS:
        signal.signal(number, handler)
    try:
        from benchmark.app.cli.commands import run_command_line

        code = run_command_line()
    except KeyboardInterrupt as error:
        number = getattr(error, "number", signal.SIGINT)
        word = "terminated" if number == signal.SIGTERM else "interrupted"
        print(
            f"nasbench: {word}; what is finished is kept, run the command again to go on",
            file=sys.stderr,
        )
        code = 128 + int(number)  # what shells give for a signal
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # all is said: the way out is not interrupted
    sys.exit(code)


def _patient_handler() -> Callable[..., None]:
    """Return a handler that lets no signal interrupt the cleaning up after the first."""
    last = -math.inf

    def handle(number: int, *_: object) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > PATIENCE:
            last = now
            ask_to_stop(number)

    return handle
