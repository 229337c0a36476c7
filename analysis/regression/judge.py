"""Deciding whether runs are worse than a baseline.

Gates are judged on the baseline's seeds, run by run: at one seed a method starts from the same
weights and sees the same batches. A metric is worse if its mean drop is at least the gate's *and*
significant by the sign-flip test; better likewise. Drops are measured in units of their gates, and
all gates are tested together (`analysis.statistics.permutation.joint_sign_flip_p`): alpha bounds
the chance that unchanged methods fail the check, however many there are, and five seeds suffice.

A method with a missing or incomparable run is not judged, not even on its other seeds: those that
failed may be the bad ones.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.metrics.ranking import METRICS
from analysis.regression.baseline import Baseline, BaselineTruth
from analysis.regression.verdict import CheckResult, Judgement, Verdict
from analysis.statistics.permutation import joint_sign_flip_p
from analysis.tables.captions import ranges
from analysis.tables.evaluation import evaluate
from benchmark.records import RunRecord, record_path
from benchmark.truth import AccuracyKey, TruthTable

_PATTERN_SEED = 0  # fixed: a check made twice is equal
_ROUNDING = 1e-9  # of a gate: a drop equal to the gate counts, whatever its last bit

Runs = Mapping[int, RunRecord]  # by seed
Fault = tuple[Verdict, str]
Sides = tuple[pd.DataFrame, pd.DataFrame]  # the baseline's and the new runs, a row per seed


def judge(
    baseline: Baseline,
    records: Sequence[RunRecord],
    damaged: Mapping[str, str],
    table: TruthTable,
    key: AccuracyKey,
) -> CheckResult:
    """Judge runs against a baseline, each of its methods by each gate."""
    found: dict[str, dict[int, RunRecord]] = {}
    for record in records:
        found.setdefault(record.name, {})[record.seed] = record
    truth = BaselineTruth.of(table, key)
    faults: dict[str, Fault] = {}
    measured: dict[str, Sides] = {}
    for method, before in baseline.methods.items():
        now = found.get(method, {})
        fault = _fault_of_truth(baseline.truth, truth) or _fault(method, before, now, damaged)
        if fault is None:
            old, new = (
                evaluate([runs[seed] for seed in before], table, key) for runs in (before, now)
            )
            measured[method] = (old, new)
            fault = _undefined((old, new), list(baseline.gates))
        if fault is not None:
            faults[method] = fault
            measured.pop(method, None)
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


def _fault_of_truth(before: BaselineTruth, now: BaselineTruth) -> Fault | None:
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


def _undefined(sides: Sides, metrics: Sequence[str]) -> Fault | None:
    for frame, name in zip(sides, ("the baseline", "the runs"), strict=True):
        for metric in metrics:
            if frame[metric].isna().any():
                return Verdict.INCOMPARABLE, f"{METRICS[metric].title} is undefined in {name}"
    return None


def _compare(baseline: Baseline, measured: Mapping[str, Sides]) -> dict[tuple[str, str], Judgement]:
    """Test all gates of the methods that could be measured, together."""
    if not measured:
        return {}
    columns = {}
    for method, (before, now) in measured.items():
        for metric, min_drop in baseline.gates.items():
            gain = now[metric] - before[metric]
            loss = -gain if METRICS[metric].higher_is_better else gain
            columns[method, metric] = pd.Series(loss.to_numpy() / min_drop, before["seed"])
    drops = pd.DataFrame(columns).sort_index().to_numpy()  # [seeds, gates], NaN for other seeds
    for_loss, for_gain = (
        joint_sign_flip_p(sign * drops, np.random.default_rng(_PATTERN_SEED)) for sign in (1, -1)
    )
    mean_drops = np.nanmean(drops, axis=0)
    judgements = {}
    for column, (method, metric) in enumerate(columns):
        before, now = measured[method]
        drop = float(mean_drops[column])
        p_value = float(for_loss[column] if drop >= 0 else for_gain[column])
        verdict, reason = _verdict(drop, p_value, baseline.alpha)
        judgements[method, metric] = Judgement(
            method=method,
            metric=metric,
            verdict=verdict,
            reason=reason,
            min_drop=baseline.gates[metric],
            seeds=len(before),
            baseline=float(before[metric].mean()),
            now=float(now[metric].mean()),
            p_value=p_value,
        )
    return judgements


def _verdict(drop: float, p_value: float, alpha: float) -> tuple[Verdict, str]:
    """Decide from a mean drop in units of the gate, and the p-value in its direction."""
    change = "loss" if drop > 0 else "gain"
    if drop == 0:
        return Verdict.SAME, "the mean did not change"
    if abs(drop) < 1 - _ROUNDING:
        return Verdict.SAME, f"the {change} is smaller than the gate"
    if p_value > alpha:
        return Verdict.SAME, (
            f"the {change} is large, but not significant: p {p_value:.2g} > {alpha:g}"
        )
    verdict = Verdict.WORSE if drop > 0 else Verdict.BETTER
    return verdict, f"the {change} is large and significant"


def _notes(baseline: Baseline, found: Mapping[str, Runs], damaged: Mapping[str, str]) -> list[str]:
    """Return notes on runs without a baseline, and on other software or hardware."""
    notes = []
    new = [method for method in found if method not in baseline.methods]
    if new:
        notes.append(f"not in the baseline, so not judged: {', '.join(sorted(new))}")
    expected = {record_path("", run.unit).name for run in baseline.records}
    notes += [f"ignored: {why}" for name, why in damaged.items() if name not in expected]
    first = next(iter(next(iter(baseline.methods.values())).values())).provenance
    for method in baseline.methods:
        for run in found.get(method, {}).values():
            changes = _changes(first, run.provenance)
            if changes:
                return [*notes, f"apart from the code, the runs differ in {', '.join(changes)}"]
    return notes


def _changes(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Return the differences of two runs' environments that can change scores."""
    sides = []
    for provenance in (before, now):
        libraries = provenance.get("libraries")
        parts = {name: provenance.get(name) for name in ("device", "cpu", "python")}
        sides.append(parts | (dict(libraries) if isinstance(libraries, Mapping) else {}))
    old, new = sides
    return [
        f"{name} ({old.get(name)}, now {new.get(name)})"
        for name in dict.fromkeys([*old, *sorted(new)])
        if old.get(name) != new.get(name)
    ]
