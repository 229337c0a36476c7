"""Which process this is, on which machine, and whether another one there still lives."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def this_host() -> str:
    """Return what tells this machine from others, and containers on it from each other.

    Example:
        >>> this_host() == this_host()
        True
    """
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)


def is_gone(process: int) -> bool:
    """Tell whether a process of this machine has certainly ended; False where nobody can tell.

    Args:
        process: Its number, 1 or more.

    Example:
        >>> is_gone(os.getpid())
        False
    """
    if os.name == "nt":  # where a signal of 0 is no question
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # somebody else's, so it lives
        return False
    return _state(process) == "Z"  # it ended, and who started it has not asked for its end


def started(process: int) -> str | None:
    """Return when a process started, in ticks since the machine did, where the system tells."""
    return _stat(process, 19)


def _state(process: int) -> str | None:
    """Return the letter of a process's state, where the system tells."""
    return _stat(process, 0)


def _stat(process: int, place: int) -> str | None:
    """Return what the system tells of a process behind its name."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[place]
    except (OSError, IndexError):
        return None
