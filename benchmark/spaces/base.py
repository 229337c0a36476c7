"""What a search space is: decisions with options, and architectures as numbers.

An architecture chooses one option of each decision. Its *choices* are the indices of these options,
in the order of the decisions; its *code* is one int64, the same number everywhere. Nothing outside
a space's own folder knows how many decisions or options it has.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError, unknown_name
from benchmark.seeds import Streams
from benchmark.settings import read_settings

if TYPE_CHECKING:
    from benchmark.spaces.subspaces.subspace import Subspace

Codes = NDArray[np.int64]
Choices = NDArray[np.int8]
Arch: TypeAlias = str | int | np.integer[Any]  # one architecture, as a string or as a code

JOINED = " & "  # between names of what is taken together
MOST_ENUMERATED = 1 << 20  # architectures of a space that is held as an array


@dataclass(frozen=True)
class Decision:
    """What an architecture decides: an edge's operation, or a layer's choice."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Size of a space's networks; subclasses add what ``[network]`` of a task sets.

    All numbers are integers of 1 or more, or tuples of them.
    """

    resolution: int = 32  # height and width of an image in pixels
    classes: int = 10  # outputs of the classifier
    input_channels: int = 3  # channels of an image

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(type(number) is int and number >= 1 for number in numbers):
                what = "integers" if isinstance(value, tuple) else "an integer"
                raise InputError(f"{field.name} is {value!r}: it must be {what} of 1 or more")

    def describe(self) -> str:
        """Return the size in a few words."""
        return f"{self.resolution}×{self.resolution} pixels"

    @property
    def abbreviation(self) -> str:
        """The size as part of a name."""
        return f"r{self.resolution}"


_OF_IMAGES = {field.name for field in fields(Scale)}


class Space(ABC):
    """A search space. There is one instance of each, see `benchmark.spaces.registry`."""

    name: ClassVar[str]  # in presets, tables and on the command line
    title: ClassVar[str]  # in texts
    description: ClassVar[str]  # one line
    source: ClassVar[str]  # where it was published
    scale_class: ClassVar[type[Scale]]
    table_scale: Scale  # size of the networks in its public table
    decisions: tuple[Decision, ...]

    # Codes and choices

    @cached_property
    def n_options(self) -> NDArray[np.int64]:
        """Number of options of each decision, [D]."""
        return np.array([len(decision.options) for decision in self.decisions], np.int64)

    @cached_property
    def size(self) -> int:
        """Number of architectures, the end of their codes."""
        return math.prod(self.n_options.tolist())

    @property
    def is_enumerable(self) -> bool:
        """Whether all its architectures can be listed."""
        return self.size <= MOST_ENUMERATED

    def encode(self, choices: ArrayLike) -> Codes:
        """Return the codes [...] of choices [..., D]; the first decision is the leading digit.

        Options of decisions that do not matter in an architecture, see `active`, are ignored.
        """
        return np.asarray(self.checked_choices(choices) @ self._places)

    def decode(self, codes: ArrayLike) -> Choices:
        """Return the choices [..., D] of codes [...]; the inverse of `encode`."""
        given = self.checked(codes)[..., None]
        return (given // self._places % self.n_options).astype(np.int8)

    @cached_property
    def _places(self) -> Codes:
        after = [math.prod(self.n_options[place + 1 :].tolist()) for place in range(len(self))]
        return np.array(after, np.int64)

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.decisions)

    def checked(self, codes: ArrayLike) -> Codes:
        """Return codes as int64, after checking that each is one of this space."""
        return checked_integers(np.asarray(codes), self.size, "code")

    def checked_choices(self, choices: ArrayLike) -> Codes:
        """Return choices [..., D] as int64, after checking that each is an option."""
        given = np.asarray(choices)
        if given.ndim == 0 or given.shape[-1] != len(self):
            raise InputError(
                f"choices have shape {given.shape}: the last axis must be {len(self)} decisions"
            )
        integers = checked_integers(given, int(self.n_options.max()), "option")
        if np.any(integers >= self.n_options):
            place = int(np.argwhere(integers >= self.n_options)[0][-1])
            raise InputError(
                f"{self.decisions[place].name} has {self.n_options[place]} options, from 0 on: "
                f"choose none above {self.n_options[place] - 1}"
            )
        return integers

    def all_codes(self) -> Codes:
        """Return the codes of a space that can be enumerated, ascending."""
        if not self.is_enumerable:
            raise InputError(
                f"{self.title} has {self.size:.2g} architectures, too many to list: give a number "
                "of candidates, or a list of them"
            )
        return np.arange(self.size)

    def find(self, named: int | str) -> tuple[int, ...]:
        """Return the decision of a name or number, or several whose names are joined by " & ".

        An arrow may be written ``->``.
        """
        names = [decision.name for decision in self.decisions]
        if isinstance(named, int):
            if not 0 <= named < len(self):
                raise InputError(
                    f"decision {named} is out of bounds: {self.title} has those from 0 to "
                    f"{len(self) - 1}"
                )
            return (named,)
        found = []
        for name in named.replace("->", "→").split(JOINED):
            if name not in names:
                raise unknown_name(f"decision of {self.title}", name, names)
            found.append(names.index(name))
        if len(set(found)) < len(found):
            raise InputError(f"{named!r} names a decision twice: give different ones")
        return tuple(found)

    # What is the same

    def canonical(self, codes: ArrayLike) -> Codes:
        """Return for each code [...] the one that stands for all that are the same function.

        These have the same logits in a supernet, so they are trained and scored once.
        """
        return self.checked(codes)

    def network(self, codes: ArrayLike) -> Codes:
        """Return for each code [...] the one that stands for all that are the same network.

        These are trained once on their own. By default they are those of one `canonical` code.
        """
        return self.canonical(codes)

    def works(self, codes: ArrayLike) -> NDArray[np.bool_]:
        """Return whether a signal passes architectures [...] from input to output."""
        return np.ones(self.checked(codes).shape, bool)

    def path(self, choices: ArrayLike) -> Choices:
        """Return choices [..., D] in canonical form, as supernets pass and train them."""
        return self.decode(self.canonical(self.encode(choices)))

    def active(self, choices: ArrayLike) -> NDArray[np.bool_]:
        """Return which decisions of choices [..., D] matter: those whose weights are used."""
        return np.ones(np.asarray(choices).shape, bool)

    def activated(self, choices: Choices, decisions: Sequence[int]) -> Choices:
        """Return choices [D] in which some decisions matter, changed as little as needed."""
        return choices

    # Subspaces and samples

    def pool(self, subspace: Subspace) -> Codes:
        """Return the codes of a subspace that its supernet trains, if they can be enumerated."""
        codes = subspace.codes()
        return codes[self.works(codes)]

    def draw(self, subspace: Subspace, count: int, generator: np.random.Generator) -> Choices:
        """Draw choices [count, D] from a subspace, for a supernet to train; with replacement.

        They are uniform over its `pool` if the space can be enumerated, or else over the options
        of each decision. More draws begin with fewer, so that methods which train a supernet for
        longer or shorter begin with the same paths.
        """
        if self.is_enumerable:
            pool = subspace.pool()
            return self.decode(pool[generator.integers(pool.size, size=count)])
        options = [np.array(allowed, np.int8) for allowed in subspace.allowed]
        joints = [np.array(joint.options, np.int8) for joint in subspace.joint]
        lengths = [len(known) for known in (*options, *joints)]
        places = (generator.random((count, len(lengths))) * lengths).astype(np.int64)
        single, together = places[:, : len(self)], places[:, len(self) :]
        drawn = np.empty((count, len(self)), np.int8)
        for decision, known in enumerate(options):
            drawn[:, decision] = known[single[:, decision]]
        for joint, known, chosen in zip(subspace.joint, joints, together.T, strict=True):
            drawn[:, joint.decisions] = known[chosen]
        return drawn

    def count(self, subspace: Subspace) -> int:
        """Return the number of architectures of a subspace."""
        joined = {place for joint in subspace.joint for place in joint.decisions}
        single = [len(one) for place, one in enumerate(subspace.allowed) if place not in joined]
        return math.prod([*single, *(len(joint.options) for joint in subspace.joint)])

    def strongest(self, subspace: Subspace, strengths: NDArray[np.float64]) -> int:
        """Return the code whose options have the greatest sum of strengths, the first of equals.

        ``strengths`` [D, options] are logarithms of weights. All choices that the subspace's
        supernet trains are compared, by those of their decisions that matter.
        """
        chosen = np.zeros(len(self), np.int8)
        for place, allowed in enumerate(subspace.allowed):
            chosen[place] = allowed[int(strengths[place, list(allowed)].argmax())]
        for joint in subspace.joint:
            rows = strengths[list(joint.decisions)]
            sums = rows[np.arange(len(rows)), np.array(joint.options)].sum(axis=-1)
            chosen[list(joint.decisions)] = joint.options[int(sums.argmax())]
        return int(self.canonical(self.encode(chosen)))

    def sample(self, count: int) -> Codes:
        """Return codes [count] drawn without replacement; larger samples begin with smaller ones.

        Where the space cannot be enumerated they are canonical.
        """
        if not 1 <= count <= min(self.size, MOST_ENUMERATED):
            raise InputError(
                f"cannot sample {count} architectures: give a number from 1 to "
                f"{min(self.size, MOST_ENUMERATED):,}"
            )
        generator = Streams(0).numpy("table/architectures")
        if self.is_enumerable:
            return np.argsort(generator.random(self.size), kind="stable")[:count]
        found: dict[int, None] = {}  # in the order of their first draw
        while len(found) < count:
            shares = generator.random((MOST_DRAWN, len(self)))
            codes = self.canonical(self.encode((shares * self.n_options).astype(np.int64)))
            found.update(dict.fromkeys(codes.tolist()))
        return np.array(list(found)[:count], np.int64)

    # Texts

    @abstractmethod
    def format(self, code: int) -> str:
        """Return the string of one architecture."""

    @abstractmethod
    def parse(self, text: str) -> int:
        """Return the code of a string, or of another notation of this space.

        Raises:
            InputError: It is none; the message names the nearest valid string.
        """

    def to_codes(self, archs: Sequence[Arch] | Codes) -> Codes:
        """Return the codes [n] of architectures, given as codes, strings, or a mixture."""
        if isinstance(archs, np.ndarray) and archs.dtype.kind in "iu":
            return self.checked(archs)
        codes = [self.parse(arch) if isinstance(arch, str) else arch for arch in archs]
        return self.checked(np.array(codes) if len(codes) else np.empty(0, np.int64))

    # Sizes

    @abstractmethod
    def parameters(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the trainable parameters [...] of the stand-alone networks of codes [...]."""

    @abstractmethod
    def multiply_adds(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the multiply-adds [...] of a forward pass of one image."""

    def scale(
        self, settings: Mapping[str, Any], *, resolution: int, classes: int, input_channels: int
    ) -> Scale:
        """Return the size of networks that ``[network]`` describes, for images of some kind."""
        own = [field.name for field in fields(self.scale_class) if field.name not in _OF_IMAGES]
        for name in settings:
            if name not in own:
                raise unknown_name(f"setting of [network] for space {self.name}", name, own)
        for name in own:
            if name not in settings:
                raise InputError(f"[network] lacks {name}: give it")
        images = {"resolution": resolution, "classes": classes, "input_channels": input_channels}
        try:
            return read_settings(self.scale_class, {**settings, **images}, "[network]")
        except InputError as error:
            is_own = str(error).partition(" ")[0] in own  # else it says its section
            raise InputError(f"[network] {error}" if is_own else str(error)) from error

    # One instance of each

    def __reduce__(self) -> tuple[Any, ...]:
        from benchmark.spaces.registry import open_space

        return open_space, (self.name,)

    def __repr__(self) -> str:
        return f"<space {self.name}>"


MOST_DRAWN = 1024  # architectures that are drawn at a time


def checked_integers(values: NDArray[np.generic], bound: int, kind: str) -> Codes:
    """Return integers from 0 to below a bound as int64."""
    if values.dtype.kind not in "iu":
        raise InputError(f"a {kind} is an integer from 0 to {bound - 1}, not {values.dtype}")
    integers = values.astype(np.int64)  # unsigned ones beyond it become negative
    wrong = values[(integers < 0) | (integers >= bound)]
    if wrong.size:
        raise InputError(f"{kind} {wrong[0]} is out of bounds: choose from 0 to {bound - 1}")
    return integers
