"""Truth from the data file of the package ``analog-nasbench``: AnalogNAS-Bench's retraining.

These are not NAS-Bench-201's own numbers. All 15,625 architectures were trained anew, once each,
on CIFAR-10's 50,000 training images for 200 epochs (SGD with Nesterov momentum, learning rate
0.1 falling to 0 by a cosine, batch 256). `baseline_accuracy` is the mean of 25 passes over the
10,000 test images, which were cropped and flipped at random like the training images. So says
``analognasbench/training_script.py`` in the repository IBM/analog-nas, the package itself being
silent, and the numbers agree: all but two are whole counts of 250,000 images. The paper is
*AnalogNAS-Bench: A NAS Benchmark for Analog In-Memory Computing*, arXiv 2506.18495.

The file is a pickle, and a pickle can run code: its checksum is verified first, and then nothing
but its two record classes is let through. The package itself is never imported.
"""

from __future__ import annotations

import pickle
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

import numpy as np

from benchmark.errors import InputError
from benchmark.files import sha256
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE, Codes, encode
from benchmark.truth.table import AccuracyKey, Source, TruthTable

NAME = "analog-nasbench"
DESCRIPTION = "AnalogNAS-Bench retraining on CIFAR-10 (not NAS-Bench-201's own numbers)"
KEY = AccuracyKey("cifar10", "test", 200)
FILE = "analognasbench/data.anb"
SHA256 = "85f3435b877aa2d36268d55ce07f6ff6d73643d17a840f1941745da5eb80db32"

_CLASSES = {
    ("analognasbench.data", "Architecture"),
    ("analognasbench.data", "DriftMeasurement"),
}

# The order of the file's tuples is that of NASLib.
_THEIR_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_THEIR_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


def read_analog(path: Path | None = None) -> TruthTable:
    """Read the retraining.

    Args:
        path: The file ``data.anb``; without it, that of the installed package.

    Returns:
        The complete table with the accuracy ``cifar10_test_200``.

    Raises:
        InputError: The package is not installed, or the file is not the one that is known.

    Example:
        >>> table = read_analog()
        >>> len(table), float(table.accuracy(KEY).max())
        (15625, 94.0664)
    """
    path = _installed_file() if path is None else path
    found = sha256(path)
    if found != SHA256:
        raise InputError(
            f"{path}: SHA-256 is {found[:12]}..., not {SHA256[:12]}...; "
            "install analog-nasbench==0.1.3 again"
        )
    with path.open("rb") as file:
        records = load_records(file, str(path))
    codes = _our_codes(list(records))
    order = np.argsort(codes)
    accuracies = np.array([record.baseline_accuracy for record in records.values()])
    return TruthTable(
        name=NAME,
        description=DESCRIPTION,
        source=Source(FILE, found),
        codes=codes[order],
        accuracies={KEY: accuracies[order]},
        seeds={KEY: np.ones(SIZE, np.int16)},
    )


class Record:
    """Stands in for both record classes of the package: whatever is unpickled becomes fields."""

    baseline_accuracy: float


def load_records(file: BinaryIO, name: str) -> dict[tuple[int, ...], Record]:
    r"""Unpickle the records and refuse everything but the two classes they are made of.

    Args:
        file: The pickle, open for reading.
        name: What to call the file in a message.

    Returns:
        A record for each architecture, a tuple in NASLib's order.

    Raises:
        InputError: The pickle is damaged or asks for anything else.

    Example:
        >>> import io
        >>> load_records(io.BytesIO(b"cos\nsystem\n."), "evil.anb")
        Traceback (most recent call last):
        benchmark.errors.InputError: evil.anb asks for os.system: refused
    """
    try:
        records = _Unpickler(file).load()
    except pickle.UnpicklingError as error:
        raise InputError(f"{name} {error}: refused") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise InputError(f"{name} is not a sound pickle ({error}): refused") from error
    if not isinstance(records, dict):
        raise InputError(f"{name} holds a {type(records).__name__}, not a dictionary: refused")
    return records


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[Record]:
        if (module, name) in _CLASSES:
            return Record
        raise pickle.UnpicklingError(f"asks for {module}.{name}")


def _our_codes(theirs: list[tuple[int, ...]]) -> Codes:
    """Return the codes of architectures in NASLib's order of edges and operations."""
    operation = np.array([OPERATIONS.index(name) for name in _THEIR_OPERATIONS])
    columns = [_THEIR_EDGES.index(edge) for edge in EDGES]
    return encode(operation[np.array(theirs)[:, columns]])


def _installed_file() -> Path:
    """Return where the package was installed; it ships a second ``data.anb`` that may be gone."""
    try:
        files = metadata.distribution("analog-nasbench").files or []
    except metadata.PackageNotFoundError as error:
        raise InputError(
            "analog-nasbench is not installed; run: pip install analog-nasbench==0.1.3"
        ) from error
    for file in files:
        if file.as_posix() == FILE:
            return Path(str(file.locate()))
    raise InputError(f"analog-nasbench has no {FILE}; install analog-nasbench==0.1.3 again")
