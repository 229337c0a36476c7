"""Whether a tree of sub-supernets divides the space, by its own distances, within its own steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from baselines.gm_random import GmRandom
from baselines.splitting import (
    FULL,
    Subspace,
    best_edge,
    best_partition,
    owner,
    spectral_partition,
)
from baselines.training import base_class
from benchmark.app.checking.findings import Checks
from benchmark.budget import Spending
from benchmark.records import RunRecord
from benchmark.spaces.nb201 import EDGES, OPERATIONS

_EDGES = ["{}→{}".format(*edge) for edge in EDGES]


def check_tree(record: RunRecord, where: str, checks: Checks) -> None:
    """Check the leaves, the splits and the steps of a record against each other.

    Args:
        record: A record whose trace has leaves.
        where: What to call it.
        checks: Where the outcome goes.

    Raises:
        InputError: Leaves share or miss an architecture, or a split divides no edge.
    """
    leaves = {leaf["node"]: leaf for leaf in record.trace["leaves"]}
    checks.that(
        len(leaves) == len(record.trace["leaves"]), where, "two of its leaves have one name"
    )
    subspaces = {name: _subspace(leaf["operations"]) for name, leaf in leaves.items()}
    owner(list(subspaces.values()), [0])  # raises where they do not divide the space
    for name, subspace in subspaces.items():
        checks.that(
            leaves[name]["architectures"] == subspace.size,
            where,
            f"leaf {name} holds {subspace.size:,} architectures, it says "
            f"{leaves[name]['architectures']:,}",
        )
    grown = {"root": FULL}
    for split in record.trace["splits"]:
        parent = grown.pop(split["node"])
        _check_choice(record, split, parent, where, checks)
        groups = [[OPERATIONS.index(name) for name in group] for group in split["groups"]]
        children = parent.split(_EDGES.index(split["edge"]), groups)
        grown.update({f"{split['node']}.{n}": child for n, child in enumerate(children)})
    checks.that(grown == subspaces, where, "its leaves are not what its splits lead to")
    if record.task["options"].get("restart", "never") == "never":
        _check_steps(record, where, checks)


def _subspace(operations: list[list[str]]) -> Subspace:
    return Subspace(tuple(tuple(sorted(map(OPERATIONS.index, names))) for names in operations))


def _check_choice(
    record: RunRecord, split: Mapping[str, Any], parent: Subspace, where: str, checks: Checks
) -> None:
    """Check that a split follows from the distances it was chosen by, where there are any."""
    options, node = record.task["options"], split["node"]
    fixed = _fixed_edges(options)
    if fixed:
        at = _EDGES[fixed[node.count(".")]]
        checks.that(split["edge"] == at, where, f"{node} is split on {split['edge']}, not on {at}")
    if not split.get("distances") or not {"groups", "min_size"} <= set(options):
        return
    cut = spectral_partition if options.get("cut") == "spectral" else best_partition
    partitions = {
        _EDGES.index(edge): cut(matrix, options["groups"], options["min_size"])
        for edge, matrix in split["distances"].items()
    }
    edge = best_edge(partitions)
    if record.method == GmRandom.name or options.get("partition") == "random":
        at = _EDGES[edge]
        checks.that(split["edge"] == at, where, f"{node} is split on {split['edge']}, not on {at}")
        return
    allowed = parent.allowed[edge]
    groups = [[OPERATIONS[allowed[place]] for place in group] for group in partitions[edge].groups]
    checks.that(
        split["edge"] == _EDGES[edge] and split["groups"] == groups,
        where,
        f"{node} is split on {split['edge']} into {split['groups']}, its distances say "
        f"{_EDGES[edge]} into {groups}",
    )
    checks.that(
        math.isclose(split["separated"], partitions[edge].separated, rel_tol=1e-9),
        where,
        f"the split of {node} separates {partitions[edge].separated:.6g} of its distances, it says "
        f"{split['separated']:.6g}",
    )


def _fixed_edges(options: Mapping[str, Any]) -> list[int]:
    """Return the edges that options fix, level by level; older ones name one alone."""
    edge = options.get("edge")
    return [edge] if isinstance(edge, int) else list(options.get("edges", ()))


def passes_of(record: RunRecord) -> int:
    """Return the batches that a step of a run's base passes."""
    return 1 if record.base is None else base_class(record.base).passes


def _check_steps(record: RunRecord, where: str, checks: Checks) -> None:
    """Check that the leaves' steps are those that were paid for.

    A leaf's steps count all of its lineage, so the root's are in each leaf, and those of a node
    between in each of its own.
    """
    parts, leaves = record.budget["parts"], record.trace["leaves"]
    depths = {leaf["node"].count(".") for leaf in leaves}
    checks.that(len(depths) == 1, where, "its leaves stand on several levels")
    level, step = max(depths), record.task["training"]["batch_size"] * passes_of(record)
    root = parts[Spending.SHARED_TRAINING.value] // step
    paid = parts[Spending.LEAF_TRAINING.value] // step
    inner = _inner_steps(record, root, level, step, where, checks)
    nodes = [
        len({".".join(leaf["node"].split(".")[: depth + 1]) for leaf in leaves})
        for depth in range(1, level)
    ]
    shared = sum(own * len(leaves) // count for own, count in zip(inner, nodes, strict=True))
    expected = root * len(leaves) + shared + paid - sum(inner)
    found = sum(leaf["steps"] for leaf in leaves)
    slack = sum(len(leaves) // count for count in nodes) * len(leaves)  # shares of a step
    checks.that(
        abs(found - expected) <= slack,
        where,
        f"its leaves have {found:,} steps behind them, {expected:,} were paid for",
    )
    steps = np.array([leaf["steps"] for leaf in leaves])
    checks.that(
        np.ptp(steps) <= 1 + level, where, "its leaves were not trained for as many steps each"
    )


def _inner_steps(
    record: RunRecord, root: int, level: int, step: int, where: str, checks: Checks
) -> list[int]:
    """Return the steps of each level between the root and the leaves, the root's being checked."""
    training, options = record.task["training"], record.task["options"]
    if training["budget"] == "schedule":
        return [one["images"] // step for one in record.trace["levels"][1:-1]]
    planned = training["budget"] // step
    if level and "warm_up" in options:
        warm_up = round(options["warm_up"] * planned)
        checks.that(
            root == warm_up, where, f"its warm-up took {root:,} steps, its task says {warm_up:,}"
        )
    return [round(options.get("between", 0) * planned)] * max(0, level - 1)
