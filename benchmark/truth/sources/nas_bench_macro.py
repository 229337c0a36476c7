"""NAS-Bench-Macro's own numbers, from the JSON file of its repository.

[NAS-Bench-Macro] Su et al., CVPR 2021, arXiv 2103.11922; repository xiusu/NAS-Bench-Macro. The file
has for each of 6,561 architectures ``test_acc``, one accuracy of each of three seeds, ``mean_acc``
and ``std`` of these, ``params`` and ``flops``. All were trained for 50 epochs on CIFAR-10's 50,000
training images, and an accuracy is the *best* of all epochs on the test images: the number is a
maximum, and there is no validation split to choose by.

Architectures that are the same network have the same numbers, so the agreement of seeds is that of
the 3,969 different networks.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, naming
from benchmark.files import read_bounded
from benchmark.spaces.base import Codes
from benchmark.spaces.macro.layers import TABLE_SCALE
from benchmark.spaces.registry import open_space
from benchmark.text_files import decoded
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import BySeed, Measurements
from benchmark.truth.table import Source, TruthTable
from benchmark.truth.table_from_results import seed_agreement
from benchmark.truth.table_with_curves import TableWithCurves

NAME = "nas-bench-macro"
EPOCHS, SEEDS = 50, (0, 1, 2)
KEY = AccuracyKey("cifar10", "test", EPOCHS)
DESCRIPTION = (
    "NAS-Bench-Macro on CIFAR-10: best test accuracy of 50 epochs, mean of 3 seeds, no validation "
    "split"
)
FIELDS = ("test_acc", "mean_acc", "std", "params", "flops")
_MOST_BYTES = 1 << 24  # of a file; the published one has 1.2 MB
_MOST_COUNTED = 1 << 53  # parameters or multiply-adds
_SLACK = 1e-6  # in percentage points, of means and deviations that are computed again


@dataclass(frozen=True)
class MacroRecord:
    """What the file holds of an architecture."""

    code: int
    accuracies: list[float]  # percent, one for each seed
    mean: float
    deviation: float  # with n in the denominator
    parameters: int
    multiply_adds: int


def is_macro_json(head: bytes) -> bool:
    """Return whether the first bytes are those of such a file."""
    return head.lstrip().startswith(b"{") and b'"test_acc"' in head


def read_macro(path: Path, *, name: str | None = None) -> TableWithCurves:
    """Read the file, after checking each number that follows from others."""
    contents = read_bounded(path, _MOST_BYTES, "the published file has fewer")
    space = open_space("macro")
    with naming(path, ": "):
        records = sorted(_records(decoded(contents, path)), key=lambda record: record.code)
        codes = np.array([record.code for record in records], np.int64)
        if records:
            _check(records, codes)
        missing = np.setdiff1d(space.all_codes(), codes)
        if missing.size:
            raise InputError(
                f"{missing.size:,} of {space.size:,} architectures are missing, the first is "
                f"{space.format(missing[0])}; get the published file again"
            )
    accuracies = np.array([record.accuracies for record in records])
    _, different = np.unique(space.network(codes), return_index=True)
    agreement = seed_agreement([dict(enumerate(row)) for row in accuracies[different].tolist()])
    costs = {
        CostKey("params", KEY.dataset, EPOCHS): space.parameters(codes, TABLE_SCALE) / 1e6,
        CostKey("flops", KEY.dataset, EPOCHS): space.multiply_adds(codes, TABLE_SCALE) / 1e6,
    }
    table = TruthTable(
        name=name or NAME,
        description=DESCRIPTION,
        source=Source(path.name, hashlib.sha256(contents).hexdigest()),
        codes=codes,
        accuracies={KEY: accuracies.mean(axis=1)},
        seeds={KEY: np.full(len(codes), len(SEEDS), np.int16)},
        measurements=Measurements(
            deviations={KEY: accuracies.std(axis=1, ddof=1)},
            costs=costs,
            agreement={} if agreement is None else {KEY: agreement},
            by_seed={KEY: BySeed(SEEDS, accuracies, np.full(accuracies.shape, math.nan))},
        ),
        space=space,
    )
    note = f"{KEY} is the best of {EPOCHS} epochs on the test images: there is no validation split"
    return TableWithCurves(table, notes=(note,))


def _check(records: Sequence[MacroRecord], codes: Codes) -> None:
    """Check what follows from other numbers."""
    space = open_space("macro")
    accuracies = np.array([record.accuracies for record in records])
    checks: list[tuple[str, list[float], NDArray[Any], float]] = [
        ("mean_acc", [one.mean for one in records], accuracies.mean(axis=1), _SLACK),
        ("std", [one.deviation for one in records], accuracies.std(axis=1), _SLACK),
        ("params", [one.parameters for one in records], space.parameters(codes, TABLE_SCALE), 0),
        (
            "flops",
            [one.multiply_adds for one in records],
            space.multiply_adds(codes, TABLE_SCALE),
            0,
        ),
    ]
    for field, given, expected, slack in checks:
        wrong = np.flatnonzero(np.abs(np.array(given) - expected) > slack)
        if wrong.size:
            first = int(wrong[0])
            raise InputError(
                f"{space.format(codes[first])}: {field} is {given[first]}, but its other numbers "
                f"give {expected[first]}; get the published file again"
            )


def _records(text: str) -> list[MacroRecord]:
    try:
        pairs = json.loads(text, object_pairs_hook=tuple, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError(f"it is no JSON ({error}); get the published file again") from error
    if not isinstance(pairs, tuple):
        raise InputError("it is no JSON object of architectures; get the published file again")
    found: dict[int, MacroRecord] = {}
    for arch, fields in pairs:
        code = open_space("macro").parse(arch)
        if code in found:
            raise InputError(f"it has {arch} twice; keep one")
        with naming(arch, ": "):
            found[code] = _record(code, fields)
    return list(found.values())


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _record(code: int, fields: object) -> MacroRecord:
    """Return a record of its fields, which are a tuple of pairs if they were a JSON object."""
    if not isinstance(fields, tuple) or sorted(name for name, _ in fields) != sorted(FIELDS):
        raise InputError(f"it must have {', '.join(FIELDS)}, each once")
    values = dict(fields)
    single = values["test_acc"]
    if not isinstance(single, list) or len(single) != len(SEEDS):
        raise InputError(f"test_acc must be a list of {len(SEEDS)} accuracies")
    return MacroRecord(
        code,
        [_number("test_acc", value, 100) for value in single],
        _number("mean_acc", values["mean_acc"], 100),
        _number("std", values["std"], 100),
        _count("params", values["params"]),
        _count("flops", values["flops"]),
    )


def _number(field: str, value: object, most: int) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise InputError(f"{field} is {value!r:.40}: it must be a number from 0 to {most:,}")
    return value


def _count(field: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_COUNTED:
        raise InputError(f"{field} is {value!r:.40}: it must be an integer of 0 or more")
    return value
