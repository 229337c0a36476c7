"""The retraining of AnalogNAS-Bench, from the data file of the package ``analog-nasbench``.

These are not NAS-Bench-201's own numbers. All 15,625 architectures were trained again, once each,
on CIFAR-10's 50,000 training images for 200 epochs (SGD with Nesterov momentum, batch size 256,
learning rate 0.1 with a cosine schedule to 0). `baseline_accuracy` is the mean of 25 passes over
the 10,000 test images, which were cropped and flipped at random like the training images. This is
according to ``analognasbench/training_script.py`` in the repository IBM/analog-nas, and the numbers
agree: all but two are integer counts of 250,000 images. The paper is *AnalogNAS-Bench: A NAS
Benchmark for Analog In-Memory Computing*, arXiv 2506.18495.

The file is a pickle, and a pickle can run code: its checksum is verified first, and then only its
two record classes are allowed. The package itself is never imported.
"""

import pickle
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

import numpy as np

from benchmark.errors import InputError
from benchmark.files import sha256
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE, encode
from benchmark.spaces.registry import open_space
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.table import Source, TruthTable

NAME = "analog-nasbench"
DESCRIPTION = "AnalogNAS-Bench retraining on CIFAR-10 (not NAS-Bench-201's own numbers)"
KEY = AccuracyKey("cifar10", "test", 200)
FILE = "analognasbench/data.anb"
SHA256 = "85f3435b877aa2d36268d55ce07f6ff6d73643d17a840f1941745da5eb80db32"
_INSTALL = "pip install analog-nasbench==0.1.3"

_CLASSES = {("analognasbench.data", "Architecture"), ("analognasbench.data", "DriftMeasurement")}

# The file's tuples are in NASLib's order.
_THEIR_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_THEIR_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


def read_analog(path: Path | None = None) -> TruthTable:
    """Read the retraining, a complete table with the accuracy ``cifar10_test_200``."""
    path = _installed_file() if path is None else path
    found = sha256(path)
    if found != SHA256:
        raise InputError(
            f"{path}: SHA-256 is {found[:12]}..., not {SHA256[:12]}...; run again: {_INSTALL}"
        )
    with path.open("rb") as file:
        records = load_records(file, str(path))
    operation = np.array([OPERATIONS.index(name) for name in _THEIR_OPERATIONS])
    edges = [_THEIR_EDGES.index(edge) for edge in EDGES]
    codes: Codes = encode(operation[np.array(list(records))[:, edges]])
    order = np.argsort(codes)
    accuracies = np.array([record.baseline_accuracy for record in records.values()])
    return TruthTable(
        name=NAME,
        description=DESCRIPTION,
        source=Source(FILE, found),
        codes=codes[order],
        accuracies={KEY: accuracies[order]},
        seeds={KEY: np.ones(SIZE, np.int16)},
        space=open_space("nb201"),
    )


class AnalogRecord:
    """Replaces both record classes of the package; unpickling sets its attributes."""

    baseline_accuracy: float


def load_records(file: BinaryIO, name: str) -> dict[tuple[int, ...], AnalogRecord]:
    r"""Unpickle the records by their operations in NASLib's order; refuse all other classes."""
    try:
        records = _Unpickler(file).load()
    except InputError as error:
        raise InputError(f"{name} {error}: refused") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise InputError(f"{name} is a damaged pickle ({error}): refused") from error
    if not isinstance(records, dict):
        raise InputError(f"{name} holds a {type(records).__name__}, not a dictionary: refused")
    return records


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[AnalogRecord]:
        if (module, name) in _CLASSES:
            return AnalogRecord
        raise InputError(f"asks for {module}.{name}")


def _installed_file() -> Path:
    """Return where the package was installed; of its two files ``data.anb`` one may be missing."""
    try:
        files = metadata.distribution("analog-nasbench").files or []
    except metadata.PackageNotFoundError as error:
        raise InputError(f"analog-nasbench is not installed; run: {_INSTALL}") from error
    for file in files:
        if file.as_posix() == FILE:
            return Path(str(file.locate()))
    raise InputError(f"analog-nasbench has no {FILE}; run again: {_INSTALL}")
