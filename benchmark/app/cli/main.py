"""The entry point: catches signals before anything slow is imported."""

import io
import math
import os
import signal
import sys
import time
from collections.abc import Callable

from benchmark.app.workers.stopping import SIGNALS, ask_to_stop

REPEAT_SECONDS = 5.0  # seconds in which Ctrl-C pressed again counts as the same


def main() -> None:
    """Run the command line and end the process with its exit code."""
    handler = _patient_handler()
    for number in SIGNALS:
        signal.signal(number, handler)
    os.environ["MPLBACKEND"] = "agg"  # figures are files, whatever a notebook has set
    os.environ["PYTHONSAFEPATH"] = "1"  # no process imports from the working folder
    replace_what_cannot_be_encoded()
    try:
        from benchmark.app.cli.root import run_command_line

        code = run_command_line()
    except KeyboardInterrupt as error:
        number = getattr(error, "number", signal.SIGINT)
        word = "terminated" if number == signal.SIGTERM else "interrupted"
        print(
            f"nasbench: {word}; what is finished is kept, run the command again to go on",
            file=sys.stderr,
        )
        code = 128 + int(number)  # as shells do
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # nothing interrupts the exit
    sys.exit(code)


def replace_what_cannot_be_encoded() -> None:
    """Let stdout and stderr show a question mark for signs that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _patient_handler() -> Callable[..., None]:
    """Return a signal handler that lets no signal interrupt the clean-up after the first."""
    last = -math.inf

    def handle(number: int, *_: object) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > REPEAT_SECONDS:
            last = now
            ask_to_stop(number)

    return handle
