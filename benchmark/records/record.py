"""One run of a method at one seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, MissingError
from benchmark.records.json_values import json_copy, task_digest
from benchmark.records.unit import Unit
from benchmark.spaces.base import Codes, Space
from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.registry import open_space

PROTOCOL = 2  # raised whenever the same task, method and seed give other scores than before


@dataclass(frozen=True, order=True)
class RecordKey:
    """What decides the scores of a run: two records with one key hold the same scores."""

    preset: str
    task: str
    method: str
    seed: int
    protocol: int


@dataclass(frozen=True, eq=False)
class RunRecord:
    """The result of a method at one seed, and how it was obtained.

    Mappings are kept as copies made of plain JSON values, scores as a read-only copy.
    """

    method: str  # name of the method: lower-case letters, digits and hyphens
    seed: int  # integer from 0 to 4,294,967,295
    task: Mapping[str, Any]  # the whole task; ``preset`` is its name
    scores: NDArray[np.float64]  # finite [n], by ascending code; higher is better
    budget: Mapping[str, Any]  # what was spent, from `benchmark.budget.Ledger.to_dict`
    trace: Mapping[str, Any]  # what happened during the run: splits, distances, losses
    provenance: Mapping[str, Any]  # what ran where, from `benchmark.records.provenance.provenance`
    protocol: int = PROTOCOL  # `PROTOCOL` of the code that ran
    codes: Codes = field(init=False)  # the task's candidates [n], ascending

    def __post_init__(self) -> None:
        for name in ("task", "budget", "trace", "provenance"):
            value = getattr(self, name)
            if not isinstance(value, Mapping):
                raise InputError(f"{name} is a {type(value).__name__}: it must be a mapping")
            object.__setattr__(self, name, json_copy(value, name))
        _ = self.unit  # checks the names and the seed
        if not isinstance(self.task.get("preset"), str):
            raise InputError('task has no name: give it one as "preset"')
        if type(self.protocol) is not int or self.protocol < 1:
            raise InputError(
                f"protocol is {self.protocol!r:.60}: it must be an integer of 1 or more"
            )
        object.__setattr__(self, "codes", candidates_of_task(self.task))
        object.__setattr__(self, "scores", _checked_scores(self.scores, self.codes))

    def scores_of(self, codes: Codes) -> NDArray[np.float64]:
        """Return the scores [m] of some candidates."""
        places = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        absent = np.asarray(codes)[self.codes[places] != codes]
        if absent.size:
            raise MissingError(
                f"{self.unit} did not score {self.space.format(int(absent[0]))}: "
                f"it scored {len(self.codes):,} of {self.space.size:,} architectures"
            )
        return np.asarray(self.scores[places])

    @cached_property
    def space(self) -> Space:
        """The space whose architectures were scored."""
        return space_of_task(self.task)

    @property
    def base(self) -> str | None:
        """The one-shot base that trained its supernets; None if it trained none."""
        search = self.task.get("search", {})
        base = search.get("base") if isinstance(search, Mapping) else None
        return None if base is None else str(base)

    @property
    def name(self) -> str:
        """The method with its base, where that is not the default, see `Unit`."""
        return self.unit.name

    @cached_property
    def unit(self) -> Unit:
        """The method, base and seed."""
        return Unit(self.method, self.base, self.seed)

    @cached_property
    def key(self) -> RecordKey:
        """What decides the scores."""
        return RecordKey(
            self.task["preset"], task_digest(self.task), self.method, self.seed, self.protocol
        )


def space_of_task(task: Mapping[str, Any]) -> Space:
    """Return the space of a recorded task."""
    named = task.get("space")
    if not isinstance(named, str):
        raise InputError('task names no search space: give it as "space"')
    return open_space(named)


def candidates_of_task(task: Mapping[str, Any]) -> Codes:
    """Return the architectures that a recorded task scores: all, where it does not say."""
    scoring = task.get("scoring", {})
    named = scoring.get("candidates", "all") if isinstance(scoring, Mapping) else "all"
    if type(named) not in (str, int, list):
        raise InputError(f"candidates are {named!r:.60}: write all, a number or a list of codes")
    return candidate_codes(named, space_of_task(task))


def _checked_scores(scores: NDArray[np.float64], codes: Codes) -> NDArray[np.float64]:
    """Return a read-only copy of scores."""
    copy = np.array(scores, np.float64)
    if copy.shape != codes.shape:
        raise InputError(
            f"scores have shape {copy.shape}: there must be one for each of {len(codes):,}"
        )
    bad = np.flatnonzero(~np.isfinite(copy))
    if bad.size:
        raise InputError(
            f"{bad.size:,} of {len(codes):,} scores are not finite (the first has code "
            f"{codes[bad[0]]}): a method scores every architecture with a number"
        )
    copy.flags.writeable = False
    return copy
