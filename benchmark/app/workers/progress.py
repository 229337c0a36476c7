"""The progress of units in all worker processes, as one bar, or as lines without a terminal.

A small file in shared memory holds the finished share of each unit, written by its worker, and
whether units should stop, written by the main process.
"""

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

REFRESH = 0.2  # seconds between updates of the bar
LINE_EVERY = 10.0  # seconds between lines without a terminal
WRITE_EVERY = 0.1  # seconds between a worker's writes, and between its checks whether to stop


class Meter:
    """Entry ``place`` of a board's file; usable in any process, of no effect on other machines."""

    def __init__(self, path: Path, place: int) -> None:
        self._path, self._place = path, place
        self._next_write, self._next_check = 0.0, 0.0
        self._stopped = False

    def show(self, share: float) -> None:
        """Show the finished share of the unit, from 0 to 1; cheap enough to call at every step."""
        now = time.monotonic()
        if now >= self._next_write or share >= 1:
            self._next_write = now + WRITE_EVERY
            with suppress(FileNotFoundError):  # on another machine
                shares = np.memmap(self._path, np.float64, mode="r+")
                shares[self._place] = share

    @property
    def is_stopped(self) -> bool:
        """Whether the unit should stop; cheap enough to call at every step."""
        now = time.monotonic()
        if not self._stopped and now >= self._next_check:
            self._next_check = now + WRITE_EVERY
            with suppress(FileNotFoundError):
                self._stopped = bool(np.memmap(self._path, np.float64, mode="r")[-1])
        return self._stopped


class Board:
    """The finished shares of a number of units, in a file that is kept while they run."""

    def __init__(self, path: Path, units: int) -> None:
        self._whole = np.memmap(path, np.float64, mode="w+", shape=(units + 1,))
        self._shares = self._whole[:-1]  # the last entry: whether to stop
        self._path = path

    def meter(self, place: int) -> Meter:
        """Return the meter of one unit."""
        return Meter(self._path, place)

    def stop(self) -> None:
        """Ask all units to stop."""
        self._whole[-1] = 1

    @property
    def share(self) -> float:
        """The finished share of all units together, from 0 to 1."""
        return float(self._shares.mean())

    @property
    def finished(self) -> int:
        """Number of finished units."""
        return int((self._shares >= 1).sum())


@contextmanager
def shown_board(units: int, what: str) -> Iterator[Board]:
    """Show the progress of units on stderr while the block runs."""
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
        is_over = False
        while not is_over:
            is_over = stop.wait(REFRESH)
            text = f"{what}: {board.finished} of {units} done"
            progress.update(task, completed=board.share, description=text)


def _show_lines(board: Board, units: int, what: str, stop: threading.Event) -> None:
    start = time.monotonic()
    while not stop.wait(LINE_EVERY):
        print(progress_line(what, board, units, time.monotonic() - start), file=sys.stderr)


def progress_line(what: str, board: Board, units: int, elapsed: float) -> str:
    """Return a line on finished work after ``elapsed`` seconds, and on the time left."""
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
