"""The result of a check: a verdict for each method and metric, and one for all of them."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a method's metric compares with the baseline."""

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
    """One gate: a metric of a method."""

    method: str  # name of the method
    metric: str  # name of the metric
    verdict: Verdict  # the result
    reason: str  # why, in one line
    min_drop: float  # the smallest loss that counts, in the metric's unit
    seeds: int = 0  # how many seeds were compared; 0 where that is not possible
    baseline: float | None = None  # the baseline's mean over them; None where not compared
    now: float | None = None  # the mean of the runs
    p_value: float | None = None  # of a loss or gain, adjusted for all gates

    @property
    def change(self) -> float | None:
        """Now minus before, in the metric's unit; None where not compared."""
        return None if self.baseline is None or self.now is None else self.now - self.baseline


@dataclass(frozen=True)
class CheckResult:
    """All gates of a check."""

    judgements: tuple[Judgement, ...]  # one per gate, methods in the baseline's order
    alpha: float  # upper bound of the chance that a check of unchanged methods calls any gate worse
    truth: str  # what both sides were measured against
    notes: tuple[str, ...] = ()  # for the reader, one per line

    @property
    def exit_code(self) -> int:
        """1 if a gate is worse, else 2 if one could not be judged, else 0."""
        verdicts = {one.verdict for one in self.judgements}
        if Verdict.WORSE in verdicts:
            return 1
        return 0 if all(verdict.is_judged for verdict in verdicts) else 2

    @property
    def summary(self) -> str:
        """The number of gates with each verdict, in one line."""
        counts = dict.fromkeys(Verdict, 0)
        for one in self.judgements:
            counts[one.verdict] += 1
        parts = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
        meaning = {0: "passed", 1: "worse than the baseline", 2: "cannot be judged"}
        return f"{meaning[self.exit_code]}: {', '.join(parts)} of {len(self.judgements)} gates"
