"""Reading traces for figures; a record from another source may hold an inconsistent trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmark.errors import InputError, MissingError
from benchmark.records import RunRecord


def position(node: str) -> list[int]:
    """Return the position of a supernet in its tree, for sorting: 2 of ``root.2`` precedes 10."""
    return [int(part) for part in node.split(".")[1:]]


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
