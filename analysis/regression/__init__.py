"""Checking whether ranking quality got worse since a baseline, and the formats of the result."""

from analysis.regression.baseline import (
    Baseline,
    BaselineTruth,
    read_baseline,
    updated_baseline,
    write_baseline,
)
from analysis.regression.formats import to_annotations, to_json, to_junit, verdict_table
from analysis.regression.judge import judge
from analysis.regression.verdict import CheckResult, Judgement, Verdict

__all__ = [
    "Baseline",
    "BaselineTruth",
    "CheckResult",
    "Judgement",
    "Verdict",
    "judge",
    "read_baseline",
    "to_annotations",
    "to_json",
    "to_junit",
    "updated_baseline",
    "verdict_table",
    "write_baseline",
]
