"""Training architectures of a table again, here, and telling whether the same came out.

On the machine and with the versions that trained it, every bit must. On others, rounding sends a
training another way, and what it reaches differs nearly as between two seeds. So there an accuracy
may differ by `PATIENCE` times what two seeds of the table differ by: √2 times its deviation over
seeds, root mean square over architectures. Of 36 trainings on noisy digits, two epochs, with
AVX-512 and with AVX2, accuracies differed by half of that in root mean square, and by 1.6 times it
at most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.alone import TRAINING_VERSION, TrainingResult
from baselines.alone.images import read_parts
from benchmark.app.building.journal import TrainingKey
from benchmark.app.building.told import Told, read_told
from benchmark.app.building.work import train_one
from benchmark.app.checking.rerun import Sameness
from benchmark.app.workers.backends import HERE, Workers
from benchmark.app.workers.loky import THREADS
from benchmark.app.workers.progress import shown_board
from benchmark.errors import InputError
from benchmark.images import data_folder, dataset_record
from benchmark.records.provenance import machine_differences, provenance
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import network_codes
from benchmark.truth import AccuracyKey, TruthTable

PATIENCE = 3.0


@dataclass(frozen=True)
class Retrained:
    """What came of training an architecture again.

    Attributes:
        code: The architecture.
        seed: The seed.
        sameness: How it compares with the table.
        distance: The most that an accuracy differs by, in percentage points.
        differing: What of machine, libraries and images differs from when it was trained.
        faults: What differs and must not.
    """

    code: int
    seed: int
    sameness: Sameness
    distance: float
    differing: tuple[str, ...]
    faults: tuple[str, ...]


def retrain(
    table: TruthTable,
    sample: int,
    *,
    seed: int = 0,
    tolerance: float | None = None,
    device: str = "cpu",
    workers: Workers = HERE,
    data: Path | None = None,
) -> list[Retrained]:
    """Train architectures of a table again, at all its seeds, and compare.

    Args:
        table: A table that was built.
        sample: How many architectures to draw, no two of them the same network.
        seed: What they are drawn by.
        tolerance: The most that an accuracy may differ by in percentage points where machine or
            libraries do; None is what the module's text says.
        device: Where networks live.
        workers: Who trains.
        data: Where files of images lie; None is the folder of `data_folder`.

    Returns:
        One for each training, by architecture and seed.

    Raises:
        InputError: The table does not tell enough, or was trained by code that trains otherwise.
        CheckError: Images cannot be downloaded.
    """
    told = read_told(table)
    _check(table, told, tolerance)
    rows = _drawn(table, sample, seed)
    images = data_folder(data)
    dataset_record(told.protocol.data.dataset).prepare(images)
    same_images = read_parts(told.protocol, images, "cpu").digest() == told.images
    here = provenance(device) | {"threads": THREADS}
    differing = [
        (*machine_differences(machine, here), *(() if same_images else ("images",)))
        for machine in told.machines
    ]
    allowed = {key: _allowed(table, key, tolerance) for key in table.keys}
    if any(differing) and any(map(math.isnan, allowed.values())):
        raise InputError(
            f"table {table.name!r} has one seed, so nothing tells how far two trainings differ: "
            "give --tolerance, in percentage points"
        )
    networks = network_codes(table.codes[rows]).tolist()
    trainings = [TrainingKey(code, one) for code in networks for one in told.seeds]
    found = _trained(told, trainings, images, device, workers)
    return [
        _compared(table, row, one, found[TrainingKey(network, one)], allowed, differing[place])
        for row, network in zip(rows, networks, strict=True)
        for one, place in zip(told.seeds, _machines(table, row), strict=True)
    ]


def _check(table: TruthTable, told: Told, tolerance: float | None) -> None:
    if told.code != TRAINING_VERSION:
        commits = ", ".join(str(machine.get("commit")) for machine in told.machines)
        raise InputError(
            f"table {table.name!r} was trained by code {told.code}, this is {TRAINING_VERSION}: "
            f"check out the commit {commits}"
        )
    if tolerance is not None and not 0 <= tolerance <= 100:
        raise InputError(f"tolerance is {tolerance}: it must be from 0 to 100 percentage points")
    singles, made_on = table.measurements.by_seed, table.measurements.made_on
    has_all = set(singles) == set(table.keys) and all(
        single.seeds == tuple(sorted(told.seeds)) for single in singles.values()
    )
    shape = len(table), len(told.seeds)
    if (
        not has_all
        or made_on is None
        or made_on.shape != shape
        or not np.all((made_on >= 0) & (made_on < len(told.machines)))
    ):
        raise InputError(
            f"table {table.name!r} does not tell what each seed gave, and where; build it again "
            "where its trainings are"
        )


def _drawn(table: TruthTable, sample: int, seed: int) -> list[int]:
    """Return the rows of some architectures, no two of them the same network."""
    _, first = np.unique(network_codes(table.codes), return_index=True)
    if not 1 <= sample <= len(first):
        raise InputError(
            f"cannot draw {sample} architectures: the table has {len(first):,} different networks"
        )
    order = Streams(seed).numpy("table/rerun").permutation(np.sort(first))
    return sorted(order[:sample].tolist())


def _machines(table: TruthTable, row: int) -> list[int]:
    """Return which machine trained an architecture at each seed."""
    made_on = table.measurements.made_on
    assert made_on is not None  # it was checked
    return [int(place) for place in made_on[row]]


def _trained(
    told: Told, trainings: Sequence[TrainingKey], images: Path, device: str, workers: Workers
) -> dict[TrainingKey, TrainingResult | str]:
    found: dict[TrainingKey, TrainingResult | str] = {}
    what = f"training {told.protocol.data.dataset} again"
    with shown_board(len(trainings), what) as board, workers.pool(len(trainings)) as pool:
        orders = [
            (told.protocol, training, images, device, board.meter(place))
            for place, training in enumerate(trainings)
        ]
        for training, result in pool.results(train_one, orders):
            assert result is not None  # nobody asks it to stop: a signal interrupts at once
            found[training] = result if isinstance(result, str) else result[0]
    return found


def _allowed(table: TruthTable, key: AccuracyKey, tolerance: float | None) -> float:
    """Return by how much an accuracy may differ elsewhere; NaN where nothing tells."""
    deviations = table.measurements.deviations.get(key, np.array([]))
    known = deviations[np.isfinite(deviations)]
    if tolerance is not None or not known.size:
        return math.nan if tolerance is None else tolerance
    return PATIENCE * math.sqrt(2 * float(np.mean(known**2)))


def _compared(
    table: TruthTable,
    row: int,
    seed: int,
    trained: TrainingResult | str,
    allowed: Mapping[AccuracyKey, float],
    differing: tuple[str, ...],
) -> Retrained:
    code = int(table.codes[row])
    if isinstance(trained, str):
        fault = f"it failed: {trained}"
        return Retrained(code, seed, Sameness.DIFFERENT, math.nan, differing, (fault,))
    faults, distances, same = [], [], True
    for key, single in table.measurements.by_seed.items():
        place = single.seeds.index(seed)
        kept, made = float(single.accuracies[row, place]), trained.accuracy[key.split]
        is_same = (kept, float(single.losses[row, place])) == (made, trained.loss[key.split])
        distances.append(abs(made - kept))
        same = same and is_same
        if not is_same and not differing:
            faults.append(
                f"{key} is {made!r}, not {kept!r}, on the same machine and libraries"
                if made != kept
                else f"the loss of {key} differs in its bits, on the same machine and libraries"
            )
        elif not is_same and not distances[-1] <= allowed[key]:
            faults.append(
                f"{key} is {made:.2f}, not {kept:.2f}: more than {allowed[key]:.2f} points apart"
            )
    sameness = Sameness.IDENTICAL if same else Sameness.CLOSE
    return Retrained(
        code,
        seed,
        Sameness.DIFFERENT if faults else sameness,
        max(distances),
        differing,
        tuple(faults),
    )
