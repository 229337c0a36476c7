"""Running a record's unit again, and comparing.

What decides a run (task, random streams, scores, splits, budget) and what is only reported
(gradient distances, losses, seconds) are kept apart: the former must be equal to the bit, the
latter up to rounding, because processors sum in different orders.

Training is chaotic: on another processor the scores of one seed differ as much as those of two
seeds (ranks correlate by 0.75 to 0.92 in both cases, AMD EPYC against Intel Xeon). But the loss
still rises and falls with the batches and paths of each step: its changes correlate by 0.88 to 0.96
for one seed, by at most 0.66 for two. Where two splits are equally good, the other processor may
take the other one; the supernets below it are then not compared.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmark.app.running.runner import run_units
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.files import marked_folder
from benchmark.records import PROTOCOL, RunRecord, task_digest
from benchmark.records.provenance import machine_differences
from benchmark.spaces.base import JOINED
from benchmark.tasks.task import described_task

LEAST_AGREEMENT = 0.8  # between the 0.88 at least of one seed and the 0.66 at most of two
LEAST_RHO = 0.5  # of the scores' ranks: below it they are scores of something else
_ROUNDING = 1e-5  # of what is only reported; losses are recorded with five decimals


class RerunOutcome(str, Enum):
    """How a repeated run compares with its record."""

    IDENTICAL = "identical"  # every bit of what decides
    CLOSE = "close"  # as close as another machine can come
    DIFFERENT = "different"


@dataclass(frozen=True)
class RerunResult:
    """The comparison of a repeated run with its record."""

    outcome: RerunOutcome  # how they compare
    differing: tuple[str, ...]  # properties of machine and libraries that differ
    # correlation of the changes of the loss, or of the scores where there are no losses; 1 for
    # identical runs, NaN where undefined
    agreement: float
    faults: tuple[str, ...] = ()  # what differs and must not
    notes: tuple[str, ...] = ()  # splits that differ and may


def rerun(
    record: RunRecord,
    *,
    device: str = "cpu",
    tolerance: float = LEAST_AGREEMENT,
    data: Path | None = None,
) -> RerunResult:
    """Run the unit of a record again and compare."""
    if record.protocol != PROTOCOL:
        raise InputError(
            f"the record was made by protocol {record.protocol}, this code has {PROTOCOL}: "
            f"check out the commit {record.provenance.get('commit')}"
        )
    if not -1 <= tolerance <= 1:
        raise InputError(f"tolerance is {tolerance}: it must be from -1 to 1, as correlations are")
    task = described_task(record.method, record.task)
    with marked_folder() as folder:
        runs = run_units(task, [record.method], [record.seed], folder, device=device, data=data)
    return compare(record, runs.records[0], tolerance)


def compare(record: RunRecord, again: RunRecord, tolerance: float = LEAST_AGREEMENT) -> RerunResult:
    """Compare a record with that of a repeated run."""
    differing = tuple(machine_differences(record.provenance, again.provenance))
    if task_digest(record.task) != task_digest(again.task):
        return RerunResult(RerunOutcome.DIFFERENT, differing, math.nan, ("task differs",))
    notes = tuple(_other_splits(record, again)) if differing else ()
    faults = []
    if record.budget != again.budget and not (notes and _same_shared_part(record, again)):
        faults.append("budget differs")
    if record.provenance.get("streams") != again.provenance.get("streams"):
        faults.append("it drew from other random streams")
    if record.scores.tobytes() == again.scores.tobytes() and _decided(record) == _decided(again):
        if any(record.trace.get(name) != again.trace.get(name) for name in ("leaves", "choice")):
            faults.append("leaves select other architectures")
        if not _nearly_equal(_reported(record), _reported(again)):
            faults.append("distances or losses differ by more than rounding")
        outcome = RerunOutcome.DIFFERENT if faults else RerunOutcome.IDENTICAL
        return RerunResult(outcome, differing, 1.0, tuple(faults), notes)
    if not differing:
        faults.append("scores or splits differ, on the same machine and libraries")
    rho = _correlation(rankdata(record.scores), rankdata(again.scores))
    if not rho >= LEAST_RHO:
        faults.append(f"the scores' ranks correlate by {rho:.3f}, less than {LEAST_RHO:g}")
    agreement = _agreement(record, again)
    if not agreement >= tolerance:
        faults.append(f"they agree by {agreement:.3f}, less than {tolerance:g}")
    outcome = RerunOutcome.DIFFERENT if faults else RerunOutcome.CLOSE
    return RerunResult(outcome, differing, agreement, tuple(faults), notes)


def _splits(record: RunRecord) -> dict[str, tuple[str, Any]]:
    """Return the decision, or several joined, and the groups of each split, by supernet."""
    splits = record.trace.get("splits") or []
    return {split["node"]: (JOINED.join(split["decisions"]), split["groups"]) for split in splits}


def _decided(record: RunRecord) -> tuple[Any, ...]:
    """Return what of a trace decides: the splits, and the scores on the way."""
    return _splits(record), record.trace.get("trajectory")


def _reported(record: RunRecord) -> list[Any]:
    """Return what of a trace may differ by rounding."""
    splits = record.trace.get("splits") or []
    distances = [[split.get("separated"), split.get("distances")] for split in splits]
    return [distances, record.trace.get("losses")]


def _nearly_equal(one: Any, other: Any) -> bool:
    """Whether plain JSON values are equal but for rounding of their numbers."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_nearly_equal(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_nearly_equal, one, other))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
    return bool(one == other)


def _supernets(record: RunRecord) -> dict[str, tuple[Any, ...]]:
    """Return each supernet of a tree with the splits that led to it, from the root on."""
    supernets: dict[str, tuple[Any, ...]] = {"root": ()}
    for node, (decision, groups) in _splits(record).items():
        for number, group in enumerate(groups):
            supernets[f"{node}.{number}"] = (*supernets.get(node, ()), (decision, group))
    return supernets


def _other_splits(record: RunRecord, again: RunRecord) -> list[str]:
    """Return in words which supernets that both runs have were split in another way."""
    supernets, supernets_now = _supernets(record), _supernets(again)
    splits, splits_now = _splits(record), _splits(again)
    return [
        f"{node} was split on {decision} into {groups}, now on {splits_now[node][0]} into "
        f"{splits_now[node][1]}: what lies below is not compared"
        for node, (decision, groups) in splits.items()
        if node in splits_now
        and splits_now[node] != (decision, groups)
        and supernets.get(node) == supernets_now.get(node)
    ]


def _same_shared_part(one: RunRecord, other: RunRecord) -> bool:
    """Whether two runs with different splits trained alike before the first one.

    Matching may cost them more or less, which leaves less or more to the leaves.
    """
    shared = Spending.SHARED_TRAINING.value
    first, second = (
        (run.budget.get("budget"), run.budget.get("parts", {}).get(shared)) for run in (one, other)
    )
    return first == second


def _agreement(one: RunRecord, other: RunRecord) -> float:
    """Return the correlation of the changes of the loss in supernets that both runs trained.

    Without losses it is that of the scores.
    """
    losses, losses_now = one.trace.get("losses"), other.trace.get("losses")
    if not losses or not losses_now:
        return _correlation(one.scores, other.scores)
    supernets, supernets_now = _supernets(one), _supernets(other)
    shared = [
        node
        for node in losses
        if len(losses[node]) == len(losses_now.get(node, ()))
        and supernets.get(node) == supernets_now.get(node)
    ]
    changes, changes_now = (
        np.concatenate([np.array([]), *(np.diff(each[node]) for node in shared)])
        for each in (losses, losses_now)
    )
    return _correlation(changes, changes_now)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Pearson's correlation; NaN where there are too few numbers or all are equal."""
    if len(one) < 2:
        return math.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(one, other)[0, 1])
