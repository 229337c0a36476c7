"""Running a record's unit again, here, and telling whether the same came out.

Training is chaotic: another processor rounds another way, and after some thousand steps the scores
of one seed differ as much as those of two. What still goes along is the loss, step by step, because
it follows which images and which architectures a step had. Of one seed on an AMD EPYC and an Intel
Xeon the changes of the loss correlate by 0.88 to 0.96, of two seeds by 0.66 at most; the scores'
ranks correlate by 0.75 to 0.92 in both cases.

Where gradients choose the split, two edges or partitions can be as good as equal, and the other
processor takes the other one. From there on the two runs train other supernets, and what matching
cost may differ, as may then the steps of the leaves: what was trained alike is compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from benchmark.app.checking.tree import passes_of
from benchmark.app.running.runner import run_units
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.files import marked_folder
from benchmark.records import PROTOCOL, RunRecord
from benchmark.records.provenance import machine_differences
from benchmark.tasks.task import described_task

LEAST_AGREEMENT = 0.8  # between one seed's 0.88 at least and two seeds' 0.66 at most
LEAST_RHO = 0.5  # of the scores: below it they are of something else


class Sameness(str, Enum):
    """How a unit that was run again compares with its record."""

    IDENTICAL = "identical"  # every bit
    CLOSE = "close"  # as far as another machine can tell
    DIFFERENT = "different"


@dataclass(frozen=True)
class Rerun:
    """What came of running a record's unit again.

    Attributes:
        sameness: How it compares.
        differing: What of machine and libraries differs from the record's.
        agreement: Correlation of scores or losses with the record's, 1 where they are the same
            bits; NaN where it is not defined.
        faults: What differs and must not.
        notes: Where it took another course, as it may.
    """

    sameness: Sameness
    differing: tuple[str, ...]
    agreement: float
    faults: tuple[str, ...]
    notes: tuple[str, ...] = ()


def rerun(
    record: RunRecord,
    *,
    device: str = "cpu",
    tolerance: float = LEAST_AGREEMENT,
    data: Path | None = None,
) -> Rerun:
    """Run the unit of a record again and compare.

    Args:
        record: What was recorded.
        device: Where to run it.
        tolerance: Least agreement on another machine.
        data: Where files of images lie; None is the folder of `data_folder`.

    Returns:
        The comparison. On the machine and with the libraries of the record every bit must agree.

    Raises:
        InputError: The record is of another protocol, or its task cannot be run.
        CheckError: The run failed.
    """
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
    (again,) = runs.records
    return compare(record, again, tolerance)


def compare(record: RunRecord, again: RunRecord, tolerance: float = LEAST_AGREEMENT) -> Rerun:
    """Compare a record with that of the same unit run again.

    Args:
        record: What was recorded.
        again: What came out now.
        tolerance: Least agreement where machine or libraries differ.

    Example:
        >>> record = RunRecord("gm", 3, {"preset": "ci"}, np.arange(15625.0), {}, {}, {})
        >>> compare(record, record).sameness.value
        'identical'
    """
    differing = tuple(machine_differences(record.provenance, again.provenance))
    notes = tuple(_other_splits(record, again)) if differing else ()
    faults = [] if record.task == again.task else ["task differs"]  # no rounding touches it
    if not (_same_but_matching(record, again) if notes else record.budget == again.budget):
        faults.append("budget differs")
    streams = record.provenance.get("streams")
    if streams is not None and streams != again.provenance.get("streams"):
        faults.append("it drew from other random streams")
    same_bits = record.scores.tobytes() == again.scores.tobytes() and record.trace == again.trace
    if same_bits and not faults:
        return Rerun(Sameness.IDENTICAL, differing, 1.0, ())
    agreement = 1.0 if same_bits else _agreement(record, again)
    if not differing:
        faults.append("scores or trace differ in their bits, on the same machine and libraries")
    rho = _correlation(rankdata(record.scores), rankdata(again.scores))
    if not same_bits and not rho >= LEAST_RHO:
        faults.append(f"the scores' ranks correlate by {rho:.3f}, less than {LEAST_RHO:g}")
    if not agreement >= tolerance:
        faults.append(f"they agree by {agreement:.3f}, less than {tolerance:g}")
    return Rerun(
        Sameness.DIFFERENT if faults else Sameness.CLOSE,
        differing,
        agreement,
        tuple(faults),
        notes,
    )


def _other_splits(record: RunRecord, again: RunRecord) -> list[str]:
    """Return which supernets that both have were split otherwise, in words."""
    parts, now = _parts(record), _parts(again)
    cuts, others = ({one["node"]: one for one in _splits(each)} for each in (record, again))
    return [
        f"{node} was split on {cuts[node]['edge']} into {cuts[node]['groups']}, now on "
        f"{others[node]['edge']} into {others[node]['groups']}: what lies below is not compared"
        for node in cuts
        if node in others
        and parts.get(node) == now.get(node)
        and _cut(cuts[node]) != _cut(others[node])
    ]


def _splits(record: RunRecord) -> list[dict[str, Any]]:
    return record.trace.get("splits") or []


def _cut(split: dict[str, Any]) -> tuple[Any, Any]:
    return split["edge"], split["groups"]


def _parts(record: RunRecord) -> dict[str, tuple[Any, ...]]:
    """Return each supernet of a tree with the cuts that led to it, from the root on."""
    parts: dict[str, tuple[Any, ...]] = {"root": ()}
    for split in _splits(record):
        above = parts.get(split["node"], ())
        for number, group in enumerate(split["groups"]):
            parts[f"{split['node']}.{number}"] = (*above, (split["edge"], group))
    return parts


def _same_but_matching(one: RunRecord, other: RunRecord) -> bool:
    """Whether two runs spent as much, but for what of it went into matching, to within a step."""
    moved = dict.fromkeys((Spending.GRADIENT_MATCHING.value, Spending.LEAF_TRAINING.value), 0)
    kept = [
        {**budget, "spent": 0, "parts": {**budget["parts"], **moved}}
        for budget in (one.budget, other.budget)
    ]
    step = one.task["training"]["batch_size"] * passes_of(one)
    return bool(kept[0] == kept[1] and abs(one.budget["spent"] - other.budget["spent"]) <= step)


def _agreement(one: RunRecord, other: RunRecord) -> float:
    """Return the correlation of how the losses change, or of the scores where there are none.

    Losses are those of supernets that hold the same architectures in both runs.
    """
    losses, others = one.trace.get("losses"), other.trace.get("losses")
    if not losses or not others:
        return _correlation(one.scores, other.scores)
    parts, there = _parts(one), _parts(other)
    shared = [
        name
        for name in losses
        if len(losses[name]) == len(others.get(name, ())) and parts.get(name) == there.get(name)
    ]
    return _correlation(_changes(losses, shared), _changes(others, shared))


def _changes(losses: Any, nodes: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    changes = [np.diff(np.asarray(losses[node], np.float64)) for node in nodes]
    return np.concatenate(changes) if changes else np.array([])


def _correlation(one: Any, other: Any) -> float:
    """Return Pearson's correlation; NaN where there is too little to tell."""
    x, y = (np.asarray(values, np.float64) for values in (one, other))
    if len(x) < 2:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    size = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / size if size > 0 else math.nan
