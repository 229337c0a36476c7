"""The schema of a run record, checked when one is read: its file may have been edited by anyone.

A named entry must have its type where it is there; other entries may hold any JSON value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from benchmark.errors import InputError, readable
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE


def check_record(contents: Mapping[str, Any]) -> None:
    """Check the entries of a record.

    Raises:
        InputError: An entry is missing or has another type; the message says which.

    Example:
        >>> check_record({"trace": {"losses": {"root": [2.3, "low"]}}})
        Traceback (most recent call last):
        benchmark.errors.InputError: trace.losses[...][1]: Expected `float`, got `str`
    """
    _convert(contents, RunEntries)


def check_split(contents: Any) -> None:
    """Check one split of a trace.

    Raises:
        InputError: An entry is missing or has another type.
    """
    _convert(contents, SplitEntries)


def _convert(contents: Any, kind: type[Struct]) -> None:
    try:
        msgspec.convert(contents, kind)
    except msgspec.ValidationError as error:
        fault, _, place = str(error).partition(" - at ")
        where = place.replace("`", "").replace("$.", "") or "it"
        raise InputError(f"{where}: {readable(fault):.200}") from error


def _one_of(names: list[str] | tuple[str, ...]) -> str:
    return rf"^({'|'.join(map(re.escape, names))})\Z"


Number = Annotated[float, Meta(ge=-1e300, le=1e300)]  # so that sums stay finite
Whole = Annotated[int, Meta(ge=0, le=2**62)]
Node = Annotated[str, Meta(pattern=r"^root(\.[0-9]{1,4}){0,6}\Z")]  # an edge is split once
Operation = Annotated[str, Meta(pattern=_one_of(OPERATIONS))]
Edge = Annotated[str, Meta(pattern=_one_of(["{}→{}".format(*edge) for edge in EDGES]))]
Code = Annotated[int, Meta(ge=0, le=SIZE - 1)]


class BatchEntries(Struct):
    """BatchEntries of gradient matching."""

    used: Whole
    planned: Whole


class SplitEntries(Struct):
    """How a supernet was split."""

    node: Node
    edge: Edge
    groups: list[list[Operation]]
    separated: Number | UnsetType = UNSET
    distances: dict[str, list[list[Number]]] | UnsetType = UNSET
    batches: BatchEntries | UnsetType = UNSET


class SelectedEntries(Struct):
    """An architecture that a base selected."""

    architecture: str
    score: Number


class LeafEntries(Struct):
    """A supernet that scored architectures."""

    node: Node
    operations: Annotated[list[list[Operation]], Meta(min_length=len(EDGES), max_length=len(EDGES))]
    architectures: Whole
    steps: Whole
    selected: SelectedEntries | UnsetType = UNSET


class LevelEntries(Struct):
    """Spending on one level of the tree."""

    images: Whole
    matching: Whole
    supernets: Whole | UnsetType = UNSET


class PointEntries(Struct):
    """Scores of a sample during training."""

    spent: Whole
    scores: list[Number]


class TrajectoryEntries(Struct):
    """Scores of a sample at points of the budget."""

    codes: Annotated[list[Code], Meta(min_length=1)]
    points: Annotated[list[PointEntries], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Check that each point has one score a code."""
        for place, point in enumerate(self.points):
            if len(point.scores) != len(self.codes):
                raise ValueError(
                    f"point {place} has {len(point.scores)} scores for {len(self.codes)} codes"
                )


class TraceEntries(Struct):
    """What happened during a run."""

    splits: list[SplitEntries] | UnsetType = UNSET
    leaves: list[LeafEntries] | UnsetType = UNSET
    losses: dict[Node, Annotated[list[Number], Meta(min_length=1)]] | UnsetType = UNSET
    levels: list[LevelEntries] | UnsetType = UNSET
    trajectory: TrajectoryEntries | UnsetType = UNSET
    choice: SelectedEntries | UnsetType = UNSET


class TrainingEntries(Struct):
    """A task's section on training."""

    budget: Whole | Literal["schedule"] | UnsetType = UNSET
    batch_size: Whole | UnsetType = UNSET


class ScoringEntries(Struct):
    """A task's section on scoring."""

    images: Whole | UnsetType = UNSET
    score: str | UnsetType = UNSET
    batch_norm: str | UnsetType = UNSET
    candidates: Literal["all"] | Whole | list[Code] | UnsetType = UNSET


class SearchEntries(Struct):
    """A task's section on search."""

    base: str | UnsetType = UNSET


class TaskEntries(Struct):
    """The task of a run."""

    training: TrainingEntries | UnsetType = UNSET
    scoring: ScoringEntries | UnsetType = UNSET
    search: SearchEntries | UnsetType = UNSET
    options: dict[str, Any] | UnsetType = UNSET


class BudgetEntries(Struct):
    """What a run spent."""

    budget: Whole | UnsetType = UNSET
    spent: Whole | UnsetType = UNSET
    scored: Whole | UnsetType = UNSET
    parts: dict[str, Whole] | UnsetType = UNSET


class ProvenanceEntries(Struct):
    """What ran where."""

    seconds: Number | UnsetType | None = UNSET
    commit: str | UnsetType | None = UNSET
    device: str | UnsetType = UNSET
    libraries: dict[str, str | None] | UnsetType = UNSET
    streams: dict[str, str] | UnsetType = UNSET


class RunEntries(Struct):
    """A run record beside its name, seed and scores."""

    task: TaskEntries | UnsetType = UNSET
    budget: BudgetEntries | UnsetType = UNSET
    trace: TraceEntries | UnsetType = UNSET
    provenance: ProvenanceEntries | UnsetType = UNSET
