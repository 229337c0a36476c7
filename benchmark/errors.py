"""The exceptions this project raises; only the command line turns them into exit codes.

Every message is one line that names what was wrong, the bound or the choices, and what to do.
Arguments, texts and files that a function cannot use are an `InputError`, files that cannot be
written a `CheckError`; docstrings name other errors where a caller handles them.
"""

from __future__ import annotations

import difflib
import signal
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 80  # characters of a name that a message repeats
_ROOT = Path(__file__).parents[1]
_PACKAGES = tuple(_ROOT / name for name in ("analysis", "baselines", "benchmark"))


class NasbenchError(Exception):
    """Base of everything this project raises on purpose."""


class InputError(NasbenchError):
    """What the user gave cannot be used: a name, a value, the contents of a file."""


class CheckError(NasbenchError):
    """The input was valid, but the work failed or a check does not hold."""


class DivergedError(CheckError):
    """Training diverged: losses or weights are no longer finite, and would not be in a rerun."""


class BudgetError(CheckError):
    """A method tried to spend more than its budget."""


class MissingError(InputError):
    """A table or record does not hold what was asked for; it is never imputed."""


class StoppedError(KeyboardInterrupt):
    """The signal of this number stopped the work."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number

    def __reduce__(self) -> tuple[type[StoppedError], tuple[int]]:
        """Support pickling, so that workers can raise it."""
        return StoppedError, (self.number,)


def unknown_name(kind: str, name: str, choices: Iterable[str]) -> InputError:
    """Return the error for a name outside ``choices``; it suggests the nearest choice.

    Example:
        >>> str(unknown_name("method", "one-shoot", ["gm", "one-shot"]))
        "unknown method 'one-shoot': did you mean 'one-shot'? choose from gm, one-shot"
    """
    names = list(choices)
    name = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return InputError(f"unknown {kind} {name!r}: {hint}choose from {', '.join(names)}")


def readable(text: str) -> str:
    r"""Return a text as one line of printable characters.

    Example:
        >>> readable("gm\n\x1b[31m")
        'gm ?[31m'
    """
    return "".join(one if one.isprintable() else "?" for one in " ".join(text.split()))


@contextmanager
def naming(path: str | Path, between: str = " ") -> Iterator[None]:
    """Put a file's name in front of the message of an `InputError`.

    Example:
        >>> with naming("a.csv"):
        ...     raise InputError("is empty")
        Traceback (most recent call last):
        benchmark.errors.InputError: a.csv is empty
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}{between}{error}") from error


def in_one_line(error: BaseException) -> str:
    r"""Return the first line of an error, with its class unless it is one of this project's.

    Example:
        >>> in_one_line(RuntimeError("out of memory\nat line 3"))
        'RuntimeError: out of memory'
        >>> in_one_line(CheckError("the loss is nan"))
        'the loss is nan'
    """
    if isinstance(error, NasbenchError):
        return str(error)
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def fault_line(error: Exception) -> str:
    r"""Return an error in one line, with the innermost place in this project's code.

    Errors of this project say enough without a place.

    Example:
        >>> try:
        ...     unknown_name("method", "gm", [1, 2])
        ... except TypeError as error:
        ...     fault_line(error)
        "TypeError: object of type 'int' has no len() (benchmark/errors.py:...)"
    """
    if isinstance(error, NasbenchError):
        return str(error)
    places = [
        f"{path.relative_to(_ROOT).as_posix()}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if any((path := Path(frame.f_code.co_filename)).is_relative_to(own) for own in _PACKAGES)
    ]
    return f"{in_one_line(error)} ({places[-1]})" if places else in_one_line(error)
