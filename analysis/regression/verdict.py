"""What a check finds: a verdict for each method and metric, and one for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a method's metric compares with the baseline; the value is the word for it."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    MISSING = "missing"
    INCOMPARABLE = "incomparable"

    @property
    def is_judged(self) -> bool:
        """Whether the metric could be compared at all."""
        return self not in (Verdict.MISSING, Verdict.INCOMPARABLE)


@dataclass(frozen=True)
class Judgement:
    """One gate: a metric of a method.

    Attributes:
        method: Name of the method.
        metric: Name of the metric.
        verdict: What came out.
        reason: Why, in one line.
        seeds: How many seeds were compared; 0 where that is not possible.
        before: The baseline's mean over them, in the metric's unit; None where not compared.
        now: The same of the runs.
        min_drop: The smallest loss that counts, in the metric's unit.
        p_value: For a loss, or where the metric gained for a gain: adjusted for all gates.
    """

    method: str
    metric: str
    verdict: Verdict
    reason: str
    min_drop: float
    seeds: int = 0
    before: float | None = None
    now: float | None = None
    p_value: float | None = None

    @property
    def change(self) -> float | None:
        """Now minus before, in the metric's unit; None where not compared."""
        return None if self.before is None or self.now is None else self.now - self.before


@dataclass(frozen=True)
class CheckResult:
    """All gates of a check.

    Attributes:
        judgements: One a gate, methods in the baseline's order.
        alpha: The chance at most that a check of unchanged methods calls any gate worse.
        truth: Against what both sides were measured.
        notes: What a reader should know beside, a line each.
    """

    judgements: tuple[Judgement, ...]
    alpha: float
    truth: str
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 if a gate is worse, else 2 if one could not be judged, else 0."""
        verdicts = {one.verdict for one in self.judgements}
        if Verdict.WORSE in verdicts:
            return 1
        return 0 if all(verdict.is_judged for verdict in verdicts) else 2

    @property
    def summary(self) -> str:
        """How many gates have which verdict, and what that means, in one line."""
        counts = dict.fromkeys(Verdict, 0)
        for one in self.judgements:
            counts[one.verdict] += 1
        parts = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
        meaning = {0: "passed", 1: "worse than the baseline", 2: "cannot be judged"}
        return f"{meaning[self.exit_code]}: {', '.join(parts)} of {len(self.judgements)} gates"
