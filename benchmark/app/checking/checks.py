"""A counter of checks that keeps the findings of those that fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmark.errors import NasbenchError, readable

# What code raises on values of the wrong type: a file of others may hold any JSON.
_UNEXPECTED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass
class Checks:
    """Counts checks and keeps those that fail."""

    findings: list[str] = field(default_factory=list)  # what does not hold, a line each
    notes: list[str] = field(default_factory=list)  # what could not be checked, and why
    missing: list[str] = field(default_factory=list)  # what the user must name to check the rest
    count: int = 0  # number of checks made

    def require(self, holds: object, where: str, what: str) -> None:
        """Count a check; keep what is wrong if it does not hold."""
        self.count += 1
        if not holds:
            self.findings.append(readable(f"{where}: {what}"))

    @contextmanager
    def errors_as_findings(self, where: str, part: str) -> Iterator[None]:
        """Turn an error in the block into a finding: this part of the file is malformed."""
        try:
            yield
        except NasbenchError as error:
            self.require(False, where, f"{part}: {error}")
        except _UNEXPECTED as error:
            self.require(False, where, f"its {part} is not as nasbench writes it ({error!r:.80})")
