"""What must hold within one record, whoever signed it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from baselines.registry import METHODS
from baselines.tree.trajectory import trajectory_codes
from benchmark.app.checking.findings import Checks
from benchmark.app.checking.tree import check_tree, passes_of
from benchmark.budget import Spending
from benchmark.records import RunRecord
from benchmark.seeds import fingerprint
from benchmark.spaces.nb201 import live_codes

EXACT = 1e-9  # relative: above the rounding of one sum, far below what a method changes


def check_record(record: RunRecord, where: str, checks: Checks) -> None:
    """Check a record's sums, scores, splits and streams against each other.

    Args:
        record: What was read.
        where: What to call it.
        checks: Where the outcome goes.

    Example:
        >>> spent = {"budget": 64, "spent": 64, "scored": 0}
        >>> parts = {"shared training": 32, "gradient matching": 0, "leaf training": 0}
        >>> record = RunRecord(
        ...     "own", 0, {"preset": "x"}, np.zeros(15625), {**spent, "parts": parts}, {}, {}
        ... )
        >>> checks = Checks()
        >>> check_record(record, "own-seed0.json", checks)
        >>> print(checks.findings[0])
        own-seed0.json: its parts sum to 32 images, it says 64 were spent
    """
    with checks.of(where, "budget"):
        _check_budget(record, where, checks)
    with checks.of(where, "scores"):
        _check_scores(record, where, checks)
    with checks.of(where, "trace"):
        if record.trace.get("leaves"):
            check_tree(record, where, checks)
    with checks.of(where, "trajectory"):
        _check_trajectory(record, where, checks)
    with checks.of(where, "provenance"):
        _check_streams(record, where, checks)


def _check_budget(record: RunRecord, where: str, checks: Checks) -> None:
    ledger, training = record.budget, record.task.get("training", {})
    parts, spent, budget = ledger["parts"], ledger["spent"], ledger["budget"]
    total = sum(parts.values())
    checks.that(
        total == spent, where, f"its parts sum to {total:,} images, it says {spent:,} were spent"
    )
    known = [kind.value for kind in Spending]
    checks.that(sorted(parts) == sorted(known), where, f"it spent on {', '.join(parts)}")
    numbers = [*parts.values(), spent, budget, ledger["scored"]]
    checks.that(
        all(type(number) is int and number >= 0 for number in numbers),
        where,
        "a number of images is negative or no whole number",
    )
    checks.that(spent <= budget, where, f"it spent {spent:,} of {budget:,} images")
    equal = training.get("budget") != "schedule"  # else it is what the schedule costs at most
    if equal and "budget" in training:
        checks.that(
            budget == training["budget"],
            where,
            f"its budget is {budget:,} images, its task's {training['budget']:,}",
        )
    method, batch = METHODS.get(record.method), training.get("batch_size")
    if method is None or batch is None:
        return
    if method.reference:
        checks.that(spent == 0, where, f"it trains nothing, and spent {spent:,} images")
        return
    step = batch * passes_of(record)
    checks.that(
        not equal or budget - spent < step,
        where,
        f"it left {budget - spent:,} images, more than a step of {step}",
    )
    checks.that(
        all(number % batch == 0 for number in parts.values()),
        where,
        f"a part is no multiple of the {batch} images of a step",
    )


def _check_scores(record: RunRecord, where: str, checks: Checks) -> None:
    """Check what holds for scores that supernets gave."""
    if not record.trace.get("leaves"):
        return
    scores, scoring = record.scores, record.task["scoring"]
    places = np.unique(live_codes(record.codes), return_index=True, return_inverse=True)[1:]
    live = scores[places[0]][places[1]]
    checks.that(
        np.array_equal(scores, live),
        where,
        f"{int((scores != live).sum())} architectures have another score than the same function "
        "without its dead edges",
    )
    if scoring["score"] == "loss":
        checks.that(scores.max() <= 0, where, "a score is above 0: a negative loss cannot be")
    else:
        right = scores * scoring["images"] / 100
        checks.that(
            np.allclose(right, right.round(), rtol=0, atol=1e-6),
            where,
            f"a score is no share of {scoring['images']} images",
        )
    passes = 2 if scoring["batch_norm"] == "training" else 1
    scored = len(np.unique(live_codes(record.codes))) + _scored_on_the_way(record)
    expected = scored * scoring["images"] * passes
    checks.that(
        record.budget["scored"] == expected,
        where,
        f"it passed {record.budget['scored']:,} images to score, not {expected:,}",
    )


def _scored_on_the_way(record: RunRecord) -> int:
    """Return how many functions a trajectory scored; its last point is the end, and costs none."""
    if "trajectory" not in record.trace:
        return 0
    codes, points = (record.trace["trajectory"][name] for name in ("codes", "points"))
    return (len(points) - 1) * len(np.unique(live_codes(np.asarray(codes, np.int64))))


def _check_trajectory(record: RunRecord, where: str, checks: Checks) -> None:
    """Check a trajectory's sample, its order, and that it ends where the run does."""
    if not record.trace.get("leaves"):
        return
    told, kept = record.task.get("trajectory"), record.trace.get("trajectory")
    checks.that(
        (told is None) == (kept is None), where, "of its task and its trace one has a trajectory"
    )
    if told is None or kept is None:
        return
    codes, points = kept["codes"], kept["points"]
    checks.that(
        codes == trajectory_codes(record.codes, told["architectures"]).tolist(),
        where,
        f"its trajectory scores others than the {told['architectures']:,} of every run",
    )
    checks.that(
        len(points) <= told["points"]
        and all(len(point["scores"]) == len(codes) for point in points),
        where,
        f"its trajectory has other points than {told['points']} of {len(codes):,} scores",
    )
    spent = [point["spent"] for point in points]
    checks.that(
        all(one < other for one, other in pairwise(spent)),
        where,
        "the points of its trajectory are not in the order of what was spent",
    )
    checks.that(
        points[-1]
        == {
            "spent": record.budget["spent"],
            "scores": record.scores_of(np.asarray(codes)).tolist(),
        },
        where,
        "its trajectory does not end with its scores and what it spent",
    )


def _check_streams(record: RunRecord, where: str, checks: Checks) -> None:
    """Check that the random numbers were those of the seed; older records do not tell."""
    for name, found in record.provenance.get("streams", {}).items():
        checks.that(
            found == fingerprint(record.seed, name),
            where,
            f"its stream {name!r} is not that of seed {record.seed}",
        )
