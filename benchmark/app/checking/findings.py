"""What a verification looked at, and what it found wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmark.errors import NasbenchError, readable

# What code meets in values of the wrong kind; a stranger may have written any JSON.
_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Finding:
    """Something that does not hold.

    Attributes:
        where: Name of the file.
        what: What is wrong with it, a line.
    """

    where: str
    what: str

    def __str__(self) -> str:
        """Return both in one line."""
        return readable(f"{self.where}: {self.what}")


@dataclass
class Checks:
    """Counts checks and keeps those that fail.

    Attributes:
        findings: What does not hold.
        notes: What could not be checked, and why.
        missing: What must be named or got so that the rest can be checked.
        count: How many checks were made.

    Example:
        >>> checks = Checks()
        >>> checks.that(1 + 1 == 2, "sums", "one and one are not two")
        >>> checks.that(1 + 1 == 3, "sums", "one and one are not three")
        >>> checks.count, list(map(str, checks.findings))
        (2, ['sums: one and one are not three'])
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    count: int = 0

    def that(self, holds: object, where: str, what: str) -> None:
        """Count a check; keep ``what`` is wrong where it does not hold."""
        self.count += 1
        if not holds:
            self.findings.append(Finding(where, what))

    @contextmanager
    def of(self, where: str, part: str) -> Iterator[None]:
        """Turn what a block stumbles over into a finding: the part is not of the expected form."""
        try:
            yield
        except NasbenchError as error:
            self.that(False, where, f"{part}: {error}")
        except _ODD as error:
            self.that(False, where, f"its {part} is not as nasbench writes it ({error!r:.80})")
