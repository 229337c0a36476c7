"""Deciding whether runs are worse than a baseline.

A gate is judged on the baseline's seeds, run by run: a method starts from the same weights and sees
the same batches at the same seed. It is worse if its mean drop is at least the gate's *and* the
sign-flip test calls the drop significant; better likewise. Drops are tested in units of the gates'
smallest drops, all gates at once (`analysis.statistics.permutation.joint_sign_flip_p`), so alpha
bounds the chance that unchanged methods fail the check, however many there are, and five seeds
still suffice.

What is not there, or is not comparable, is never judged: not from the seeds that are left either,
because those that failed may be the bad ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.metrics.ranking import METRICS
from analysis.regression.baseline import Baseline, Truth
from analysis.regression.verdict import CheckResult, Judgement, Verdict
from analysis.statistics.permutation import joint_sign_flip_p
from analysis.tables.evaluation import evaluate
from analysis.tables.facts import ranges
from benchmark.records import RunRecord, record_path
from benchmark.truth import AccuracyKey, TruthTable

_PATTERN_SEED = 0  # fixed: a check made twice is equal
_ROUNDING = 1e-9  # of a gate: a drop as large as the gate counts, whatever the last bit says

Runs = Mapping[int, RunRecord]
Fault = tuple[Verdict, str]


def judge(
    baseline: Baseline,
    records: Sequence[RunRecord],
    damaged: Mapping[str, str],
    table: TruthTable,
    key: AccuracyKey,
) -> CheckResult:
    """Judge runs against a baseline.

    Args:
        baseline: What to compare with.
        records: The runs, each method and seed once.
        damaged: Why a record could not be read, by the name of its file.
        table: The truth for both sides.
        key: Which of its accuracies.

    Returns:
        A judgement for each method of the baseline and each of its gates.

    Raises:
        MissingError: The table lacks the accuracy.
    """
    found: dict[str, dict[int, RunRecord]] = {}
    for record in records:
        found.setdefault(record.name, {})[record.seed] = record
    truth = Truth.of(table, key)
    faults: dict[str, Fault] = {}
    for method, before in baseline.methods.items():
        fault = _fault_of_truth(baseline.truth, truth)
        fault = fault or _fault(method, before, found.get(method, {}), damaged)
        if fault:
            faults[method] = fault
    judged = [method for method in baseline.methods if method not in faults]
    measured = {
        method: _measure(baseline.methods[method], found[method], list(baseline.gates), table, key)
        for method in judged
    }
    for method in judged:
        undefined = _undefined(measured[method], list(baseline.gates))
        if undefined:
            faults[method] = (Verdict.INCOMPARABLE, undefined)
            del measured[method]
    compared = _compare(baseline, measured)
    judgements = [
        compared[method, metric]
        if method in measured
        else Judgement(method, metric, *faults[method], min_drop)
        for method in baseline.methods
        for metric, min_drop in baseline.gates.items()
    ]
    notes = _notes(baseline, found, damaged)
    return CheckResult(tuple(judgements), baseline.alpha, str(truth), tuple(notes))


def _fault_of_truth(before: Truth, now: Truth) -> Fault | None:
    if before == now:
        return None
    if str(before) == str(now):
        return Verdict.INCOMPARABLE, f"the file of table {now.table} is not the baseline's"
    return Verdict.INCOMPARABLE, f"the baseline was measured by {before}, not {now}"


def _fault(method: str, before: Runs, now: Runs, damaged: Mapping[str, str]) -> Fault | None:
    """Return why a method's runs cannot be compared, or None."""
    for run in before.values():
        name = record_path("", run.unit).name
        if name in damaged:
            return Verdict.INCOMPARABLE, f"a record cannot be read: {damaged[name]}"
    if not now:
        return Verdict.MISSING, f"there is no run of {method}"
    absent = [seed for seed in before if seed not in now]
    if absent:
        return Verdict.MISSING, f"seed {ranges(absent)} of {method} was not run"
    for seed, old in before.items():
        new = now[seed]
        if new.protocol != old.protocol:
            return Verdict.INCOMPARABLE, (
                f"seed {seed} ran by protocol {new.protocol}, the baseline's by {old.protocol}"
            )
        if new.task["preset"] != old.task["preset"]:
            return Verdict.INCOMPARABLE, (
                f"seed {seed} ran preset {new.task['preset']}, the baseline's {old.task['preset']}"
            )
        parts = {*new.task, *old.task} - {"truth"}
        changed = sorted(part for part in parts if new.task.get(part) != old.task.get(part))
        if changed:
            return Verdict.INCOMPARABLE, (
                f"seed {seed} ran another task: it differs in {', '.join(changed)}"
            )
    return None


Measured = dict[str, NDArray[np.float64]]  # before and now, [seeds] each, by metric


def _measure(
    before: Runs, now: Runs, metrics: Sequence[str], table: TruthTable, key: AccuracyKey
) -> tuple[Measured, Measured]:
    """Return the metrics of both sides, by the baseline's seeds in order."""
    sides = []
    for runs in (before, now):
        frame = evaluate([runs[seed] for seed in before], table, key)
        sides.append({metric: frame[metric].to_numpy(np.float64) for metric in metrics})
    return sides[0], sides[1]


def _undefined(sides: tuple[Measured, Measured], metrics: Sequence[str]) -> str | None:
    for side, name in zip(sides, ("the baseline", "the runs"), strict=True):
        for metric in metrics:
            if np.isnan(side[metric]).any():
                return f"{METRICS[metric].title} is undefined in {name}"
    return None


def _compare(
    baseline: Baseline, measured: Mapping[str, tuple[Measured, Measured]]
) -> dict[tuple[str, str], Judgement]:
    """Test all gates that can be judged, together."""
    if not measured:
        return {}
    places = [(method, metric) for method in measured for metric in baseline.gates]
    seeds = sorted({seed for method in measured for seed in baseline.methods[method]})
    drops = np.full((len(seeds), len(places)), np.nan)  # [seeds, gates], in units of the gate
    for column, (method, metric) in enumerate(places):
        before, now = (side[metric] for side in measured[method])
        loss = before - now if METRICS[metric].higher_is_better else now - before
        rows = [seeds.index(seed) for seed in baseline.methods[method]]
        drops[rows, column] = loss / baseline.gates[metric]
    for_loss = joint_sign_flip_p(drops, np.random.default_rng(_PATTERN_SEED))
    for_gain = joint_sign_flip_p(-drops, np.random.default_rng(_PATTERN_SEED))
    mean_drops = np.nanmean(drops, axis=0)
    judgements = {}
    for column, (method, metric) in enumerate(places):
        before, now = (side[metric] for side in measured[method])
        drop = float(mean_drops[column])
        p_value = float(for_loss[column] if drop >= 0 else for_gain[column])
        verdict = _verdict(drop, p_value, baseline.alpha)
        judgements[method, metric] = Judgement(
            method=method,
            metric=metric,
            verdict=verdict,
            reason=_reason(verdict, drop, p_value, baseline.alpha),
            min_drop=baseline.gates[metric],
            seeds=before.size,
            before=float(before.mean()),
            now=float(now.mean()),
            p_value=p_value,
        )
    return judgements


def _verdict(drop: float, p_value: float, alpha: float) -> Verdict:
    """Decide from a mean drop in units of the gate, and the p-value in its direction."""
    if abs(drop) < 1 - _ROUNDING or p_value > alpha:
        return Verdict.SAME
    return Verdict.WORSE if drop > 0 else Verdict.BETTER


def _reason(verdict: Verdict, drop: float, p_value: float, alpha: float) -> str:
    change = "loss" if drop > 0 else "gain"
    if verdict is not Verdict.SAME:
        return f"the {change} is large and significant"
    if drop == 0:
        return "the mean did not change"
    if abs(drop) < 1 - _ROUNDING:
        return f"the {change} is smaller than the gate"
    return f"the {change} is large, but not significant: p {p_value:.2g} > {alpha:g}"


def _notes(baseline: Baseline, found: Mapping[str, Runs], damaged: Mapping[str, str]) -> list[str]:
    """Return what is there beside the gates: runs without a baseline, and other machinery."""
    notes = []
    new = [method for method in found if method not in baseline.methods]
    if new:
        notes.append(f"not in the baseline, so not judged: {', '.join(sorted(new))}")
    expected = {record_path("", run.unit).name for run in baseline.records}
    notes += [f"left aside: {why}" for name, why in damaged.items() if name not in expected]
    first = next(iter(next(iter(baseline.methods.values())).values())).provenance
    for method in baseline.methods:
        for run in found.get(method, {}).values():
            changes = _changes(first, run.provenance)
            if changes:
                return [*notes, f"beside the code, the runs differ in {', '.join(changes)}"]
    return notes


def _changes(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Return in what two runs' surroundings differ that can move scores."""
    changes = [
        f"{name} ({before.get(name)}, now {now.get(name)})"
        for name in ("device", "cpu", "python")
        if before.get(name) != now.get(name)
    ]
    old, new = before.get("libraries"), now.get("libraries")
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        changes += [
            f"{name} ({old.get(name)}, now {new.get(name)})"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
    return changes
