"""Predictions: scores of architectures by any method, read from a CSV or JSON file."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, MissingError
from benchmark.spaces.base import Codes, Space
from benchmark.text_files import csv_columns, quoted, read_text
from benchmark.truth.space_choice import parse_in

# One item of a JSON object, with the comma or brace after it. Python also writes NaN and Infinity.
_ITEM = re.compile(
    r'[ \t\n\r]*(?P<arch>"(?:[^"\\]|\\.){0,2000}")[ \t\n\r]*:[ \t\n\r]*'
    r"(?P<score>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|-?[A-Za-z]+)"
    r"[ \t\n\r]*(?P<end>[,}])"
)
_OPENING = re.compile(r"[ \t\n\r]*\{[ \t\n\r]*(?P<empty>\})?")
_NEAR = 200  # columns; beyond it a line number alone does not lead to an entry

# Position in the file (line of a CSV, offset of a JSON file), architecture and score.
Entry = tuple[int, str, str]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Scores of some or all architectures; a higher score means a better one."""

    file: str  # the file, as the user named it
    codes: Codes  # the architectures [n], ascending, each once
    scores: NDArray[np.float64]  # their scores [n], finite, in any unit
    # whether the file lacks architectures and has no line break at its end: then it may have been
    # longer, and its last score may have had more digits
    maybe_cut_off: bool = False
    space: Space = field(kw_only=True)  # the search space that the codes belong to

    def __len__(self) -> int:
        return len(self.codes)

    def scores_of(self, codes: Codes) -> NDArray[np.float64]:
        """Return the scores [n] of the architectures ``codes`` [n]."""
        absent = np.setdiff1d(codes, self.codes)
        if absent.size:
            raise MissingError(
                f"{self.file}: no score of {absent.size:,} of the {len(codes):,} architectures to "
                f"compare, the first is {self.space.format(int(absent[0]))}; add them, or leave "
                "them out of the subset"
            )
        return np.asarray(self.scores[np.searchsorted(self.codes, codes)])


def read_predictions(path: str | Path, space: Space) -> Predictions:
    r"""Read predictions of a space's architectures from a CSV or JSON file.

    CSV has the columns ``arch`` and ``score`` among others; JSON is one object from architectures
    to scores. An architecture is written in any way that `Space.parse` reads. The suffix does not
    matter: a file that begins with a brace or a bracket is JSON.
    """
    text = read_text(path)
    is_json = text.lstrip()[:1] in ("{", "[")
    try:
        if is_json:
            score_of = _checked(space, _json_entries(text), lambda offset: _place(text, offset))
        else:
            rows = csv_columns(text, ("arch", "score"))
            entries = ((line, arch, score) for line, (arch, score) in rows)
            score_of = _checked(space, entries, lambda line: f"line {line}")
    except InputError as error:
        raise InputError(f"{path}, {error}") from error
    if not score_of:
        raise InputError(f"{path}: it holds no architecture; add an entry for each")
    codes = np.array(sorted(score_of), np.int64)
    return Predictions(
        file=str(path),
        codes=codes,
        scores=np.array([score_of[code] for code in codes.tolist()], np.float64),
        maybe_cut_off=not is_json and len(codes) < space.size and not text.endswith(("\n", "\r")),
        space=space,
    )


def _checked(
    space: Space, entries: Iterable[Entry], place: Callable[[int], str]
) -> dict[int, float]:
    """Return the score of each architecture; ``place`` puts a position into words."""
    score_of: dict[int, float] = {}
    position_of: dict[int, int] = {}
    for position, arch, score in entries:
        try:
            code, number = parse_in(space, arch), _number(score)
        except InputError as error:
            raise InputError(f"{place(position)}: {error}") from error
        if code in position_of:
            earlier = place(position_of[code])
            raise InputError(f"{place(position)}: {space.format(code)} repeats {earlier}; keep one")
        score_of[code], position_of[code] = number, position
    return score_of


def _number(text: str) -> float:
    try:
        number = float(text.replace("_", "?"))  # only Python reads 9_1 as 91
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"the score is {quoted(text)}: it must be a finite number; leave out what has none"
        )
    return number


def _json_entries(text: str) -> Iterator[Entry]:
    """Yield the entries of a JSON object.

    `json.load` would lose their positions, take the last of two equal names, and recurse without
    bound.
    """
    opening = _OPENING.match(text)
    if opening is None:
        raise _fault(text, 0, "the file must be one object from architectures to scores")
    at, end = opening.end(), opening["empty"]
    while end != "}":
        item = _ITEM.match(text, at)
        try:
            arch = None if item is None else json.loads(item["arch"])
        except json.JSONDecodeError:
            arch = None
        if item is None or arch is None:
            raise _fault(text, at, 'an entry such as "<architecture>": 91.5 must follow')
        yield item.start("arch"), arch, item["score"]
        at, end = item.end(), item["end"]
    if text[at:].strip():
        raise _fault(text, at, "the file must end after the closing brace")


def _fault(text: str, offset: int, rule: str) -> InputError:
    offset += len(text[offset:]) - len(text[offset:].lstrip())
    if offset == len(text):
        return InputError(f"{_place(text, offset)}: the file ends within its object: it is cut off")
    found = text[offset : offset + 120].partition("\n")[0]
    return InputError(f"{_place(text, offset)}: {rule}; found {quoted(found)}")


def _place(text: str, offset: int) -> str:
    """Return line and column of an offset, without the column if it is small."""
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    return f"line {line}" + (f", column {column}" if column > _NEAR else "")
