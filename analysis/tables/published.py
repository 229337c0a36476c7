"""Published numbers of others, each with its source, shown beside ours."""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

from analysis.metrics.ranking import metric_named
from benchmark.errors import InputError, NasbenchError
from benchmark.files import read_bounded
from benchmark.spaces.base import Space
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey

COLUMNS = ("name", "space", "accuracy", "metric", "value", "std", "runs", "setting", "source")
_HERE = Path(__file__)
# beside this file in an installed package, in results/ of a checkout
_PLACES = (_HERE.with_suffix(".csv"), _HERE.parents[2] / "results" / "published.csv")
MAX_BYTES = 1 << 20  # a file of a few dozen lines; anything larger is another file


@dataclass(frozen=True)
class PublishedNumber:
    """A published number."""

    name: str  # of the row: the method and who published it
    space: Space  # the search space whose architectures were ranked
    key: AccuracyKey  # the accuracy it was measured against
    metric: str  # a name of ``METRICS``
    value: float  # in the metric's unit
    std: float | None  # standard deviation over runs; None where it was not published
    runs: int | None  # how many; None where that was not published
    setting: str  # of the experiment, a few words
    source: str  # the publication


def published_path() -> Path | None:
    """Return the project's file of published numbers; None where it is missing."""
    return next((path for path in _PLACES if path.is_file()), None)


def read_published(path: str | Path) -> tuple[PublishedNumber, ...]:
    """Read a CSV file of published numbers with the columns ``COLUMNS``, one number per line."""
    contents = read_bounded(path, MAX_BYTES, "give a small CSV file")
    try:
        lines = contents.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: save it so") from error
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise InputError(f"{path} is no CSV file: {error}") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(f"{path} must begin with the line {','.join(COLUMNS)}")
    numbers: dict[tuple[str, str, AccuracyKey, str], PublishedNumber] = {}
    for place, row in enumerate(rows[1:], start=2):
        try:
            number = _number(row)
        except NasbenchError as error:
            raise InputError(f"{path}, row {place}: {error}") from error
        same = (number.name, number.space.name, number.key, number.metric)
        if same in numbers:
            raise InputError(f"{path}, row {place}: {number.name} has its {number.metric} twice")
        numbers[same] = number
    return tuple(numbers.values())


def _number(row: list[str]) -> PublishedNumber:
    if len(row) != len(COLUMNS):
        raise InputError(f"there are {len(row)} columns: there must be {len(COLUMNS)}")
    name, space, accuracy, metric, value, std, runs, setting, source = row
    metric_named(metric)
    if not name or not source:
        raise InputError("name or source is empty: say who published the number, and where")
    return PublishedNumber(
        name,
        open_space(space),
        AccuracyKey.parse(accuracy),
        metric,
        _finite(value, "value"),
        _finite(std, "std") if std else None,
        _positive(runs) if runs else None,
        setting,
        source,
    )


def _finite(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{what} is {text!r:.60}: it must be a number")
    return number


def _positive(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < 1:
        raise InputError(f"runs is {text!r:.60}: it must be an integer from 1 on, or empty")
    return int(text)
