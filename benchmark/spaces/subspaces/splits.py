"""Trees of splits as traces tell them: nodes, decisions and groups of options by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.errors import InputError, unknown_name
from benchmark.spaces.base import JOINED, Space
from benchmark.spaces.subspaces.subspace import JointOption, Subspace

ROOT = "root"


def named_split(
    subspace: Subspace, split: Mapping[str, Any]
) -> tuple[tuple[int, ...], list[list[JointOption]]]:
    """Return the decisions and groups of options of a trace's split of a subspace."""
    decisions = subspace.space.find(JOINED.join(split["decisions"]))
    named = {subspace.names(decisions, one): one for one in subspace.options(decisions)}
    groups = split["groups"]
    for name in (name for group in groups for name in group):
        if name not in named:
            raise unknown_name(f"option of {JOINED.join(split['decisions'])}", name, named)
    return decisions, [[named[name] for name in group] for group in groups]


def subspaces_of(splits: Sequence[Mapping[str, Any]], space: Space) -> dict[str, Subspace]:
    """Return the subspace of every node of the tree that a trace's splits lead to.

    Parents are split before their children; those that are not split are the leaves.
    """
    found = {ROOT: Subspace.whole(space)}
    inner: set[str] = set()
    for split in splits:
        node = split["node"]
        if node not in found or node in inner:
            raise InputError(f"{node} is split, but is no leaf of the splits before it")
        inner.add(node)
        parts = found[node].split(*named_split(found[node], split))
        found |= {f"{node}.{number}": part for number, part in enumerate(parts)}
    return found
