"""The schema of a run record, checked when one is read: its file may have been edited.

A named entry must have its type where it is there; other entries may hold any JSON value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

from benchmark.errors import InputError, naming, readable, unknown_name
from benchmark.spaces.base import JOINED, Space


def check_schema(contents: Mapping[str, Any], space: Space) -> None:
    """Check the entries of a record of a space."""
    trace = _convert(contents, _Run).trace
    if not isinstance(trace, _Trace):
        return
    for number, split in enumerate(trace.splits or ()):
        with naming(f"trace.splits[{number}]", ": "):
            _check_names(_named_by(split), space)
    names = [decision.name for decision in space.decisions]
    for number, leaf in enumerate(trace.leaves or ()):
        with naming(f"trace.leaves[{number}]", ": "):
            if len(leaf.options) != len(names):
                raise InputError(
                    f"options are those of {len(leaf.options)} decisions: there must be "
                    f"{len(names)}"
                )
            _check_names(zip(names, leaf.options, strict=True), space)
    if isinstance(trace.trajectory, _Trajectory):
        with naming("trace.trajectory.codes", ": "):
            space.checked(np.array(trace.trajectory.codes))


def check_split(contents: Any, space: Space) -> None:
    """Check one split of a trace."""
    split = _convert(contents, _Split)
    with naming("it", ": "):
        _check_names(_named_by(split), space)


def _named_by(split: _Split) -> Iterator[tuple[str, list[str]]]:
    """Yield each decision of a split with the names of options in its groups."""
    options = [option.split(JOINED) for group in split.groups for option in group]
    for parts in options:
        if len(parts) != len(split.decisions):
            raise InputError(
                f"option {JOINED.join(parts)!r:.80} must name one for each decision that is split, "
                f"joined by {JOINED!r}"
            )
    for place, decision in enumerate(split.decisions):
        yield decision, [parts[place] for parts in options]


def _check_names(named: Iterable[tuple[str, Sequence[str]]], space: Space) -> None:
    """Check that decisions and their options are those of a space."""
    known = {decision.name: decision.options for decision in space.decisions}
    for decision, options in named:
        if decision not in known:
            raise unknown_name("decision", decision, known)
        for option in options:
            if option not in known[decision]:
                raise unknown_name(f"option of {decision}", option, known[decision])


def _convert(contents: Any, kind: type[Kind]) -> Kind:
    try:
        return msgspec.convert(contents, kind)
    except msgspec.ValidationError as error:
        fault, _, place = str(error).partition(" - at ")
        where = place.replace("`", "").replace("$.", "") or "it"
        raise InputError(f"{where}: {readable(fault):.200}") from error


Kind = TypeVar("Kind", bound=Struct)

Number = Annotated[float, Meta(ge=-1e300, le=1e300)]  # so that sums stay finite
Whole = Annotated[int, Meta(ge=0, le=2**62)]
Node = Annotated[str, Meta(pattern=r"^root(\.[0-9]{1,4}){0,64}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Code = Annotated[int, Meta(ge=0, le=2**62)]


class _Batch(Struct):
    used: Whole
    planned: Whole


class _Split(Struct):
    node: Node
    decisions: Annotated[list[Name], Meta(min_length=1)]
    groups: list[list[Name]]
    separated: Number | UnsetType = UNSET
    distances: dict[str, list[list[Number]]] | UnsetType = UNSET
    batches: _Batch | UnsetType = UNSET


class _Selected(Struct):
    architecture: str
    score: Number
    evaluations: Whole | UnsetType = UNSET  # of a search


class _Leaf(Struct):
    node: Node
    options: list[list[Name]]
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
    space: str | UnsetType = UNSET
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
