"""The exceptions this project raises; only the command line turns them into exit codes.

Every message is one line that names what was wrong, the bound or the choices, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 80  # signs of a name that a message repeats; a stranger's file may hold any


class NasbenchError(Exception):
    """Base of everything this project raises on purpose."""


class InputError(NasbenchError):
    """What the user gave cannot be used: a name, a value, a file's contents."""


class CheckError(NasbenchError):
    """The input was fine, but what was asked for failed or does not hold."""


class BudgetError(CheckError):
    """A method tried to spend more than its budget."""


class MissingError(InputError):
    """What was asked for is not in this table or record: never zero, never imputed."""


# What a piece of work may fail with while others go on: PyTorch's own for want of memory above all.
FAULTS = (NasbenchError, RuntimeError, MemoryError)


def unknown_name(kind: str, name: str, choices: Iterable[str]) -> InputError:
    """Return the error for a name outside ``choices``, with the nearest valid one.

    Example:
        >>> str(unknown_name("method", "one-shoot", ["gm", "one-shot"]))
        "unknown method 'one-shoot': did you mean 'one-shot'? choose from gm, one-shot"
    """
    names = list(choices)
    name = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return InputError(f"unknown {kind} {name!r}: {hint}choose from {', '.join(names)}")


def in_one_line(error: BaseException) -> str:
    r"""Return the message of an error, with its kind where it is none of ours.

    Example:
        >>> in_one_line(RuntimeError("out of memory\nat line 3"))
        'RuntimeError: out of memory'
        >>> in_one_line(CheckError("the loss is nan"))
        'the loss is nan'
    """
    if isinstance(error, NasbenchError):
        return str(error)
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
