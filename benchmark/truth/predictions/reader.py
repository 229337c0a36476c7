"""Predictions from a file of any form, each entry checked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, MissingError
from benchmark.spaces.nb201 import SIZE, Codes, to_string
from benchmark.spaces.nb201.lists import parse_arch, read_text, shown
from benchmark.truth.predictions.contents import Entry, Place
from benchmark.truth.predictions.csv_form import csv_entries
from benchmark.truth.predictions.json_form import json_entries


@dataclass(frozen=True, eq=False)
class Predictions:
    """Scores of some or all architectures, one each; a higher score says a better one.

    Attributes:
        file: Where they come from, as the user named it.
        codes: The architectures [n], ascending, each once.
        scores: Their scores [n], finite, in any unit.
        maybe_cut_off: Whether the file lacks architectures and ends without a line break, so that
            it may have been longer and its last score have had more digits.

    Example:
        >>> Predictions("mine", np.array([3, 7]), np.array([0.5, 0.25])).of(np.array([7]))
        array([0.25])
    """

    file: str
    codes: Codes
    scores: NDArray[np.float64]
    maybe_cut_off: bool = False

    def __len__(self) -> int:
        """Return the number of architectures."""
        return len(self.codes)

    def of(self, codes: Codes) -> NDArray[np.float64]:
        """Return the scores of some architectures.

        Args:
            codes: The architectures [n].

        Returns:
            Scores [n].

        Raises:
            MissingError: There is none of one of them.
        """
        absent = np.setdiff1d(codes, self.codes)
        if absent.size:
            raise MissingError(
                f"{self.file}: no score of {absent.size:,} of the {len(codes):,} architectures to "
                f"compare, the first is {to_string(absent[0])}; add them, or leave them out of "
                "the subset"
            )
        return np.asarray(self.scores[np.searchsorted(self.codes, codes)])


def read_predictions(path: str | Path) -> Predictions:
    r"""Read predictions as CSV or JSON, whichever the file is.

    CSV has the columns ``arch`` and ``score``, others are passed over; JSON is one object from
    architectures to scores. Either writes an architecture as a string or, like the files that
    few-shot NAS publishes, as a genotype (`benchmark.spaces.nb201.genotypes`). The suffix does not
    matter: what begins with a brace or a bracket is JSON.

    Args:
        path: The file, UTF-8, at most 32 MiB.

    Returns:
        The predictions; their length says how many architectures they score.

    Raises:
        InputError: The file cannot be read, or an entry is not an architecture, stands there twice
            or has no finite number; the message names the line, and the column in a long one.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mine.csv"
        ...     _ = path.write_text(f"arch,score\n{to_string(7)},0.25\n{to_string(3)},0.5\n")
        ...     predictions = read_predictions(path)
        >>> predictions.codes, predictions.scores
        (array([3, 7]), array([0.5 , 0.25]))
    """
    text = read_text(path)
    is_json = text.lstrip()[:1] in ("{", "[")
    try:
        score_of = _checked(json_entries(text) if is_json else csv_entries(text))
    except InputError as error:
        raise InputError(f"{path}, {error}") from error
    if not score_of:
        raise InputError(f"{path}: there is no architecture in it; add an entry for each")
    codes = np.array(sorted(score_of), np.int64)
    return Predictions(
        file=str(path),
        codes=codes,
        scores=np.array([score_of[code] for code in codes.tolist()], np.float64),
        maybe_cut_off=not is_json and len(codes) < SIZE and not text.endswith(("\n", "\r")),
    )


def _checked(entries: Iterable[Entry]) -> dict[int, float]:
    """Return the score of each architecture."""
    score_of: dict[int, float] = {}
    place_of: dict[int, Place] = {}
    for place, arch, score in entries:
        try:
            code, number = parse_arch(arch), _number(score)
        except InputError as error:
            raise InputError(f"{place}: {error}") from error
        if code in place_of:
            raise InputError(
                f"{place}: {to_string(code)} stands on {place_of[code]} already; keep one of them"
            )
        score_of[code], place_of[code] = number, place
    return score_of


def _number(text: str) -> float:
    try:
        number = float(text.replace("_", "?"))  # Python alone reads 9_1 as 91
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"the score is {shown(text)}: it must be a finite number; leave out what has none"
        )
    return number
