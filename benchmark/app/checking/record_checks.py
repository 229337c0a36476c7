"""What must hold within one record."""

from collections.abc import Sequence

import numpy as np

from baselines.tree.trajectory import trajectory_codes
from benchmark.app.checking.checks import Checks
from benchmark.records import RunRecord
from benchmark.seeds import fingerprint
from benchmark.spaces.subspaces.splits import subspaces_of
from benchmark.spaces.subspaces.subspace import Subspace, scoring_leaves


def check_record(record: RunRecord, where: str, checks: Checks) -> None:
    """Check a record's budget, scores, splits, leaves and random streams."""
    with checks.errors_as_findings(where, "budget"):
        _check_budget(record, where, checks)
    if record.trace.get("leaves"):
        with checks.errors_as_findings(where, "scores"):
            canonical = record.space.canonical(record.codes)
            _, first, places = np.unique(canonical, return_index=True, return_inverse=True)
            expected = record.scores[first][places]
            checks.require(
                np.array_equal(record.scores, expected),
                where,
                f"{np.sum(record.scores != expected)} architectures have another score than the "
                "same function in its canonical form",
            )
        with checks.errors_as_findings(where, "trace"):
            _check_tree(record, where, checks)
        with checks.errors_as_findings(where, "trajectory"):
            _check_trajectory(record, where, checks)
    with checks.errors_as_findings(where, "provenance"):
        for name, found in record.provenance.get("streams", {}).items():
            checks.require(
                found == fingerprint(record.seed, name),
                where,
                f"its random stream {name!r} is not that of seed {record.seed}",
            )


def _check_budget(record: RunRecord, where: str, checks: Checks) -> None:
    spent, budget = record.budget["spent"], record.budget["budget"]
    total = sum(record.budget["parts"].values())
    checks.require(
        total == spent, where, f"its parts sum to {total:,} images, it says {spent:,} were spent"
    )
    checks.require(spent <= budget, where, f"it spent {spent:,} of {budget:,} images")
    given = record.task.get("training", {}).get("budget", "schedule")
    checks.require(
        given in ("schedule", budget), where, f"its budget is {budget:,} images, its task's {given}"
    )


def _check_tree(record: RunRecord, where: str, checks: Checks) -> None:
    """Check that splits divide the space into the leaves, and whose architectures leaves select."""
    leaves = record.trace["leaves"]
    splits = record.trace["splits"]
    inner = {split["node"] for split in splits}
    grown = subspaces_of(splits, record.space)
    held = {node: subspace for node, subspace in grown.items() if node not in inner}
    is_same = {leaf["node"]: leaf["options"] for leaf in leaves} == {
        node: subspace.to_lists() for node, subspace in held.items()
    } and len(held) == len(leaves)
    checks.require(is_same, where, "its leaves are not what its splits lead to")
    for leaf in leaves if is_same else ():
        size = held[leaf["node"]].size
        checks.require(
            leaf["architectures"] == size,
            where,
            f"leaf {leaf['node']} holds {size:,} architectures, it says {leaf['architectures']:,}",
        )
    if is_same:
        _check_selected(record, [held[leaf["node"]] for leaf in leaves], where, checks)


def _check_selected(
    record: RunRecord, subspaces: Sequence[Subspace], where: str, checks: Checks
) -> None:
    """Check that each leaf selects an architecture that it scores, with the score in the record.

    What a search of the leaf's subspace selects need not be a candidate. A leaf without any may
    find one, or have none because others hold the canonical codes of all its architectures.
    """
    nodes = [leaf["node"] for leaf in record.trace["leaves"]]
    selected = {
        leaf["node"]: leaf["selected"] for leaf in record.trace["leaves"] if "selected" in leaf
    }
    by = record.task.get("selection", {}).get("by", "candidates")
    scoring = {nodes[place] for place in scoring_leaves(subspaces, record.codes)}
    if by == "strongest":  # which may lie in another leaf, if it does not use what was split
        scoring = set(nodes)
    elif by != "candidates":
        sizes = {node: one.size for node, one in zip(nodes, subspaces, strict=True)}
        scoring |= {node for node in selected if sizes.get(node)}
    checks.require(
        selected.keys() == scoring,
        where,
        f"{', '.join(sorted(selected.keys() ^ scoring))}: each leaf that scores must select one",
    )
    codes = record.space.to_codes([one["architecture"] for one in selected.values()])
    places = scoring_leaves(subspaces, codes)
    if by != "candidates":
        scores = np.array([one["score"] for one in selected.values()])
    else:
        scores = record.scores_of(codes)
    for (node, one), place, score in zip(selected.items(), places, scores, strict=True):
        checks.require(
            nodes[place] == node or by == "strongest",
            where,
            f"leaf {node} selects {one['architecture']}, which leaf {nodes[place]} scores",
        )
        checks.require(
            score == one["score"],
            where,
            f"leaf {node} gives {one['architecture']} {one['score']}, its score is {score}",
        )
    best = max(selected.values(), key=lambda one: float(one["score"]))
    checks.require(
        record.trace["choice"] == best, where, "its choice is not the best that its leaves select"
    )


def _check_trajectory(record: RunRecord, where: str, checks: Checks) -> None:
    """Check that a trajectory scores the task's sample and ends with the record's scores."""
    settings, trajectory = record.task.get("trajectory"), record.trace.get("trajectory")
    checks.require(
        (settings is None) == (trajectory is None),
        where,
        "only one of its task and its trace has a trajectory",
    )
    if settings is None or trajectory is None:
        return
    codes, points = np.asarray(trajectory["codes"], np.int64), trajectory["points"]
    checks.require(
        np.array_equal(codes, trajectory_codes(record.codes, settings["architectures"])),
        where,
        f"its trajectory scores others than the {settings['architectures']:,} of every run",
    )
    end = {"spent": record.budget["spent"], "scores": record.scores_of(codes).tolist()}
    checks.require(
        points[-1] == end, where, "its trajectory does not end with its scores and what it spent"
    )
    spent = [point["spent"] for point in points]
    checks.require(
        len(points) <= settings["points"] and spent == sorted(set(spent)),
        where,
        f"its trajectory is not {settings['points']} points in the order of what was spent",
    )
