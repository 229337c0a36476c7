"""Accel-NASBench's trainings on ImageNet, as published or as one CSV file.

[Accel-NASBench] Ahmad et al., DAC 2024, arXiv 2404.08005; repository afzalxo/Accel-NASBench. Each
training took 16 epochs of a *proxy* recipe, cheaper than a full one and searched for to rank
architectures as that does, with a single seed. The published archive ``anb_dataset_jsons.tar.gz``
holds one ``result_<number>.json`` for each; the CSV has the columns e, k, l and se with a digit for
each stage, val_top1 in percent, macs_M and params_M in millions, and train_time_s. Some
architectures were trained twice: their numbers are averaged, and the trainings counted.

The file's multiply-adds count BatchNorm and means too, unlike ours.
"""

import hashlib
import io
import json
import math
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import InputError, naming
from benchmark.files import read_bounded
from benchmark.spaces.registry import open_space
from benchmark.text_files import csv_columns, decoded
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import Measurements
from benchmark.truth.table import Source, TruthTable
from benchmark.truth.table_with_curves import TableWithCurves

NAME = "accel-nasbench"
DESCRIPTION = "Accel-NASBench on ImageNet: 16 epochs of a proxy recipe, a single seed"
EPOCHS = 16
KEY = AccuracyKey("imagenet", "valid", EPOCHS)
COLUMNS = ("e", "k", "l", "se", "val_top1", "macs_M", "params_M", "train_time_s")
_QUANTITIES = ("flops", "params", "seconds")

_MOST_BYTES = 1 << 26  # of a file; the archive has 1.2 MB
_MOST_RESULTS = 1 << 17  # the archive has 5,138
_MOST_RESULT_BYTES = 1 << 16  # a result has some 1,300
_RESULT = re.compile(r"(?:.*/)?result_([0-9]{1,9})\.json")


@dataclass(frozen=True)
class AccelTraining:
    """One training."""

    code: int  # of the architecture
    accuracy: float  # top-1 in percent
    # millions of multiply-adds, millions of parameters, and seconds per epoch, as in `_QUANTITIES`
    costs: tuple[float, float, float]


def is_accel_csv(head: bytes) -> bool:
    """Return whether the first bytes are those of the CSV file."""
    names = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0].strip().split(b",")
    return set(map(str.encode, COLUMNS)) <= set(names)


def is_accel_archive(path: Path) -> bool:
    """Return whether a path is a tar file whose first file is a result."""
    try:
        with tarfile.open(path) as archive:
            first = next((member for member in archive if member.isfile()), None)
            return first is not None and _RESULT.fullmatch(first.name) is not None
    except Exception:  # a damaged file can raise anything
        return False


def read_accel(path: Path, *, name: str | None = None) -> TableWithCurves:
    """Read all trainings, of the CSV file or of the published archive."""
    contents = read_bounded(path, _MOST_BYTES, "the published files have fewer")
    read = _from_csv if path.suffix.lower() == ".csv" else _from_archive
    with naming(path, ", "):
        trainings = list(read(contents, path))
        if not trainings:
            raise InputError("it holds no training; import the file as it was published")
    codes = np.array([training.code for training in trainings])
    different, rows, counts = np.unique(codes, return_inverse=True, return_counts=True)

    def averaged(values: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.asarray(np.bincount(rows, weights=values) / counts)

    costs = {
        CostKey(quantity, KEY.dataset, EPOCHS): averaged(
            [training.costs[place] for training in trainings]
        )
        for place, quantity in enumerate(_QUANTITIES)
    }
    table = TruthTable(
        name=name or NAME,
        description=DESCRIPTION,
        source=Source(path.name, hashlib.sha256(contents).hexdigest()),
        codes=different,
        accuracies={KEY: averaged([training.accuracy for training in trainings])},
        seeds={KEY: counts.astype(np.int16)},
        measurements=Measurements(costs=costs),
        space=open_space("accel"),
    )
    notes = [
        f"{KEY} is after a proxy recipe of {EPOCHS} epochs, with a single seed",
        f"flops_{KEY.dataset}_{EPOCHS} counts BatchNorm and means too, unlike the formula",
    ]
    repeated = int((counts > 1).sum())
    if repeated:
        notes.append(f"{repeated:,} architectures were trained more than once: means are taken")
    return TableWithCurves(table, notes=tuple(notes))


def _from_csv(contents: bytes, path: Path) -> Iterator[AccelTraining]:
    for line, fields in csv_columns(decoded(contents, path), COLUMNS):
        with naming(f"line {line}", ": "):
            *columns, accuracy, macs, params, seconds = fields
            yield _training(",".join(columns), accuracy, macs, params, seconds)


def _from_archive(contents: bytes, path: Path) -> Iterator[AccelTraining]:
    found = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(contents)) as archive:
            for member in archive:
                if not member.isfile() or not _RESULT.fullmatch(member.name):
                    continue
                found += 1
                with naming(member.name[:80], ": "):
                    if member.size > _MOST_RESULT_BYTES or found > _MOST_RESULTS:
                        raise InputError("more than a result, or than results, can be; refused")
                    file = archive.extractfile(member)
                    assert file is not None  # it is a regular file
                    yield _from_json(file.read())
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise InputError(f"a damaged archive ({error}); get it again") from error


def _from_json(text: bytes) -> AccelTraining:
    try:
        result = json.loads(text)
        metrics, sizes = result["metrics"], result["model_info"]
        columns = [
            "".join(str(int(result["architecture"][f"block{stage}_{kind}"])) for stage in range(7))
            for kind in ("e", "k", "l", "se")
        ]
        values = (metrics["val_top1"], sizes["macs"], sizes["params"], metrics["train_time"])
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise InputError("no result with architecture, metrics and model_info") from error
    return _training(",".join(columns), *values)


def _training(
    architecture: str, accuracy: object, macs: object, params: object, seconds: object
) -> AccelTraining:
    code = open_space("accel").parse(architecture)
    return AccelTraining(
        code,
        _number("val_top1", accuracy, 100),
        (
            _number("macs_M", macs),
            _number("params_M", params),
            _number("train_time_s", seconds) / EPOCHS,
        ),
    )


def _number(column: str, value: object, most: float = 1e9) -> float:
    text = str(value)
    try:
        number = float(text.replace("_", "?"))  # only Python reads 9_1 as 91
    except ValueError:
        number = math.nan
    if not 0 <= number <= most:  # also false for NaN
        raise InputError(f"{column} is {text[:40]!r}: it must be a number from 0 to {most:g}")
    return number
