"""Reading traces for figures; a record from another source may hold an inconsistent trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmark.errors import InputError, MissingError
from benchmark.records import RunRecord


@contextmanager
def reading_trace(record: RunRecord) -> Iterator[None]:
    """Turn any error of reading an inconsistent trace into one InputError."""
    try:
        yield
    except MissingError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        InputError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise InputError(
            f"the trace of {record.name}, seed {record.seed}, is inconsistent: run it again"
        ) from error
