"""How far the units of a run have come, whichever process works on them.

A worker writes the share it has done into its place of a small shared file; the main process reads
them all and shows one bar, or plain lines where stderr is no terminal.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmark.files import marked_folder

REFRESH = 0.2  # seconds between two looks at the units
LINE_EVERY = 10.0  # seconds between two lines where there is no terminal
WRITE_EVERY = 0.1  # seconds between two writes of a worker


class Meter:
    """A unit's place on a board; usable in any process, on other machines without effect.

    Args:
        path: The board's file.
        place: The unit's place in it.
    """

    def __init__(self, path: Path, place: int) -> None:
        self._path = path
        self._place = place
        self._next = 0.0
        self._look = 0.0
        self._stopped = False

    def show(self, share: float) -> None:
        """Say how much of the unit is done, from 0 to 1; cheap enough to call at every step."""
        now = time.monotonic()
        if now >= self._next or share >= 1:
            self._next = now + WRITE_EVERY
            with suppress(FileNotFoundError):  # on another machine
                shares = np.memmap(self._path, np.float64, mode="r+")
                shares[self._place] = share

    @property
    def is_stopped(self) -> bool:
        """Whether the unit is asked to stop; cheap enough to ask at every step."""
        now = time.monotonic()
        if not self._stopped and now >= self._look:
            self._look = now + WRITE_EVERY
            with suppress(FileNotFoundError):
                self._stopped = bool(np.memmap(self._path, np.float64, mode="r")[-1])
        return self._stopped


class Board:
    """The shares of all units.

    Args:
        path: A file to keep them in, for as long as the units run.
        units: Number of units.
    """

    def __init__(self, path: Path, units: int) -> None:
        self._whole = np.memmap(path, np.float64, mode="w+", shape=(units + 1,))
        self._shares = self._whole[:-1]  # the last says whether to stop
        self._path = path

    def meter(self, place: int) -> Meter:
        """Return the meter of one unit."""
        return Meter(self._path, place)

    def stop(self) -> None:
        """Ask all units to stop."""
        self._whole[-1] = 1

    @property
    def share(self) -> float:
        """How much of everything is done, from 0 to 1."""
        return float(self._shares.mean())

    @property
    def finished(self) -> int:
        """How many units are done."""
        return int((self._shares >= 1).sum())


@contextmanager
def shown_board(units: int, what: str) -> Iterator[Board]:
    """Show the progress of units on stderr for as long as the block runs.

    Args:
        units: Number of units, at least 1.
        what: What is being worked on, a few words.

    Yields:
        The board for their meters.
    """
    with marked_folder() as folder:
        board = Board(folder / "shares", units)
        stop = threading.Event()
        show = _show_bar if sys.stderr.isatty() else _show_lines
        thread = threading.Thread(target=show, args=(board, units, what, stop), daemon=True)
        thread.start()
        try:
            yield board
        finally:
            stop.set()
            thread.join()


def _show_bar(board: Board, units: int, what: str, stop: threading.Event) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=1.0)
        while not stop.wait(REFRESH):
            text = f"{what}: {board.finished} of {units} done"
            progress.update(task, completed=board.share, description=text)
        text = f"{what}: {board.finished} of {units} done"
        progress.update(task, completed=board.share, description=text)


def _show_lines(board: Board, units: int, what: str, stop: threading.Event) -> None:
    start = time.monotonic()
    while not stop.wait(LINE_EVERY):
        print(progress_line(what, board, units, time.monotonic() - start), file=sys.stderr)


def progress_line(what: str, board: Board, units: int, elapsed: float) -> str:
    """Return a line on what is done after so many seconds, and on what is left.

    Example:
        >>> with marked_folder() as folder:
        ...     board = Board(folder / "shares", 2)
        ...     board.meter(0).show(1.0)
        ...     progress_line("gm", board, 2, elapsed=30)
        'gm: 1 of 2 done, 50 %, 0:30 elapsed, 0:30 left'
    """
    share = board.share
    left = clock_time(elapsed / share - elapsed) if share > 0 else "?"
    return (
        f"{what}: {board.finished} of {units} done, {100 * share:.0f} %, "
        f"{clock_time(elapsed)} elapsed, {left} left"
    )


def clock_time(seconds: float) -> str:
    """Return a time in hours, minutes and seconds.

    Example:
        >>> clock_time(3_725.4)
        '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
