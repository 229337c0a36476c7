"""What figures do about a trace whose parts do not fit together; a stranger may have written it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmark.errors import InputError
from benchmark.records import RunRecord


@contextmanager
def reading_trace(record: RunRecord) -> Iterator[None]:
    """Say in one line that the trace of a run does not hold together, whatever it trips.

    Raises:
        InputError: Something in the block was not as expected.

    Example:
        >>> import numpy as np
        >>> run = RunRecord("gm", 0, {"preset": "ci"}, np.zeros(15_625), {}, {"leaves": []}, {})
        >>> with reading_trace(run):
        ...     run.trace["leaves"][0]
        Traceback (most recent call last):
        benchmark.errors.InputError: the trace of gm, seed 0, does not fit together: run it again
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(
            f"the trace of {record.name}, seed {record.seed}, does not fit together: run it again"
        ) from error
