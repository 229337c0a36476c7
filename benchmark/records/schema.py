"""The schema of a run record, checked when one is read: its file may have been edited.

A named entry must have its type where it is there; other entries may hold any JSON value.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from benchmark.errors import InputError, readable
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE


def check_schema(contents: Mapping[str, Any]) -> None:
    """Check the entries of a record."""
    _convert(contents, _Run)


def check_split(contents: Any) -> None:
    """Check one split of a trace."""
    _convert(contents, _Split)


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


class _Batch(Struct):
    used: Whole
    planned: Whole


class _Split(Struct):
    node: Node
    edge: Edge
    groups: list[list[Operation]]
    separated: Number | UnsetType = UNSET
    distances: dict[str, list[list[Number]]] | UnsetType = UNSET
    batches: _Batch | UnsetType = UNSET


class _Selected(Struct):
    architecture: str
    score: Number


class _Leaf(Struct):
    node: Node
    operations: Annotated[list[list[Operation]], Meta(min_length=len(EDGES), max_length=len(EDGES))]
    architectures: Whole
    steps: Whole
    selected: _Selected | UnsetType = UNSET


class _Level(Struct):
    images: Whole
    matching: Whole
    supernets: Whole | UnsetType = UNSET


class _Point(Struct):
    spent: Whole
    scores: list[Number]


class _Trajectory(Struct):
    codes: Annotated[list[Code], Meta(min_length=1)]
    points: Annotated[list[_Point], Meta(min_length=1)]

    def __post_init__(self) -> None:
        for place, point in enumerate(self.points):
            if len(point.scores) != len(self.codes):
                raise ValueError(
                    f"point {place} has {len(point.scores)} scores for {len(self.codes)} codes"
                )


class _Trace(Struct):
    splits: list[_Split] | UnsetType = UNSET
    leaves: list[_Leaf] | UnsetType = UNSET
    losses: dict[Node, Annotated[list[Number], Meta(min_length=1)]] | UnsetType = UNSET
    levels: list[_Level] | UnsetType = UNSET
    trajectory: _Trajectory | UnsetType = UNSET
    choice: _Selected | UnsetType = UNSET


class _Training(Struct):
    budget: Whole | Literal["schedule"] | UnsetType = UNSET
    batch_size: Whole | UnsetType = UNSET


class _Scoring(Struct):
    images: Whole | UnsetType = UNSET
    score: str | UnsetType = UNSET
    batch_norm: str | UnsetType = UNSET
    candidates: Literal["all"] | Whole | list[Code] | UnsetType = UNSET


class _Search(Struct):
    base: str | UnsetType = UNSET


class _Task(Struct):
    training: _Training | UnsetType = UNSET
    scoring: _Scoring | UnsetType = UNSET
    search: _Search | UnsetType = UNSET
    options: dict[str, Any] | UnsetType = UNSET


class _Budget(Struct):
    budget: Whole | UnsetType = UNSET
    spent: Whole | UnsetType = UNSET
    scored: Whole | UnsetType = UNSET
    parts: dict[str, Whole] | UnsetType = UNSET


class _Provenance(Struct):
    seconds: Number | UnsetType | None = UNSET
    commit: str | UnsetType | None = UNSET
    device: str | UnsetType = UNSET
    libraries: dict[str, str | None] | UnsetType = UNSET
    streams: dict[str, str] | UnsetType = UNSET


class _Run(Struct):
    task: _Task | UnsetType = UNSET
    budget: _Budget | UnsetType = UNSET
    trace: _Trace | UnsetType = UNSET
    provenance: _Provenance | UnsetType = UNSET
