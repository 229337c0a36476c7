"""Training architectures of a built table again, and comparing.

On the machine and with the versions that trained them, every bit must be the same. On another
machine rounding makes a training diverge from the first, and accuracies differ nearly as between
two seeds. So they may differ by `SPREAD_FACTOR` times what two seeds differ by: √2 times the
table's deviation over seeds, root mean square over architectures. (36 trainings on noisy digits,
two epochs, AVX-512 against AVX2: half of that in root mean square, 1.6 times it at most.)
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.standalone import TRAINING_VERSION, TrainingResult
from baselines.standalone.images import read_parts
from benchmark.app.building.build_info import BuildInfo, read_build_info
from benchmark.app.building.journal import TrainingKey
from benchmark.app.building.training import train_one
from benchmark.app.checking.rerun import RerunOutcome
from benchmark.app.workers.backends import LOCAL, Workers
from benchmark.app.workers.preparing import prepare_images
from benchmark.app.workers.progress import shown_board
from benchmark.app.workers.reproducible import THREADS
from benchmark.errors import InputError
from benchmark.images import data_folder
from benchmark.records.provenance import machine_differences, this_machine
from benchmark.seeds import Streams
from benchmark.truth import AccuracyKey, TruthTable

SPREAD_FACTOR = 3.0


@dataclass(frozen=True)
class RetrainingResult:
    """The comparison of a repeated training with the table."""

    code: int
    seed: int
    outcome: RerunOutcome  # how they compare
    distance: float  # the largest difference of an accuracy, in percentage points
    differing: tuple[str, ...]  # properties of machine, libraries and images that differ
    faults: tuple[str, ...]  # what differs and must not


def retrain(
    table: TruthTable,
    sample: int,
    *,
    seed: int = 0,
    tolerance: float | None = None,
    device: str = "cpu",
    workers: Workers = LOCAL,
    data: Path | None = None,
) -> list[RetrainingResult]:
    """Train a sample of a table's architectures again, at all its seeds, and compare each training.

    No two of the sample are the same network. ``tolerance`` is the largest difference of an
    accuracy that passes where machine or libraries differ, in percentage points; None is what the
    module's text says.
    """
    info = read_build_info(table)
    _check(table, info, tolerance)
    images = data_folder(data)
    prepare_images(info.protocol.data, images)
    other_images = read_parts(info.protocol, images, "cpu").digest() != info.images
    here = this_machine(device) | {"threads": THREADS}
    differing = [
        (*machine_differences(machine, here), *(("images",) if other_images else ()))
        for machine in info.machines
    ]
    allowed = {key: _allowed(table, key, tolerance) for key in table.keys}
    if any(differing) and any(map(math.isnan, allowed.values())):
        raise InputError(
            f"table {table.name!r} has one seed, so nothing says how far two trainings differ: "
            "give --tolerance, in percentage points"
        )
    rows = _drawn(table, sample, seed)
    networks = table.space.network(table.codes[rows]).tolist()
    trainings = [TrainingKey(code, one) for code in networks for one in info.seeds]
    trained: dict[TrainingKey, TrainingResult | str] = {}
    title = f"training {info.protocol.data.dataset} again"
    with shown_board(len(trainings), title) as board, workers.pool(len(trainings)) as pool:
        calls = [
            (info.protocol, training, images, device, board.meter(place))
            for place, training in enumerate(trainings)
        ]
        for training, result in pool.results(train_one, calls):
            assert result is not None  # nothing stops a training here: signals interrupt at once
            trained[training] = result if isinstance(result, str) else result[0]
    made_on = table.measurements.made_on
    assert made_on is not None  # it was checked
    return [
        _compared(table, row, one, trained[TrainingKey(network, one)], allowed, differing[machine])
        for row, network in zip(rows, networks, strict=True)
        for one, machine in zip(info.seeds, made_on[row].tolist(), strict=True)
    ]


def _check(table: TruthTable, info: BuildInfo, tolerance: float | None) -> None:
    """Check that a table can be trained again, and holds what is compared."""
    if info.code != TRAINING_VERSION:
        commits = ", ".join(str(machine.get("commit")) for machine in info.machines)
        raise InputError(
            f"table {table.name!r} was trained by code {info.code}, this is {TRAINING_VERSION}: "
            f"check out the commit {commits}"
        )
    if tolerance is not None and not 0 <= tolerance <= 100:
        raise InputError(f"tolerance is {tolerance}: it must be from 0 to 100 percentage points")
    by_seed, made_on = table.measurements.by_seed, table.measurements.made_on
    if (
        set(by_seed) != set(table.keys)
        or not {key.split for key in table.keys} <= {"valid", "test"}
        or any(single.seeds != tuple(sorted(info.seeds)) for single in by_seed.values())
        or made_on is None
        or made_on.shape != (len(table), len(info.seeds))
        or not np.all((made_on >= 0) & (made_on < len(info.machines)))
    ):
        raise InputError(
            f"table {table.name!r} does not hold what each seed gave, and on which machine; build "
            "it again where its trainings are"
        )


def _drawn(table: TruthTable, sample: int, seed: int) -> list[int]:
    """Return the rows of a sample of architectures, no two of them the same network."""
    _, first = np.unique(table.space.network(table.codes), return_index=True)
    if not 1 <= sample <= len(first):
        raise InputError(
            f"cannot draw {sample} architectures: the table has {len(first):,} different networks"
        )
    order = Streams(seed).numpy("table/rerun").permutation(np.sort(first))
    return sorted(order[:sample].tolist())


def _allowed(table: TruthTable, key: AccuracyKey, tolerance: float | None) -> float:
    """Return by how much an accuracy may differ on another machine; NaN where unknown."""
    deviations = table.measurements.deviations.get(key, np.array([]))
    known = deviations[np.isfinite(deviations)]
    if tolerance is not None or not known.size:
        return math.nan if tolerance is None else tolerance
    return SPREAD_FACTOR * math.sqrt(2 * float(np.mean(known**2)))


def _compared(
    table: TruthTable,
    row: int,
    seed: int,
    trained: TrainingResult | str,
    allowed: Mapping[AccuracyKey, float],
    differing: tuple[str, ...],
) -> RetrainingResult:
    code = int(table.codes[row])
    if isinstance(trained, str):
        faults = [f"it failed: {trained}"]
        return RetrainingResult(
            code, seed, RerunOutcome.DIFFERENT, math.nan, differing, tuple(faults)
        )
    faults, distances, is_same = [], [], True
    for key, single in table.measurements.by_seed.items():
        place = row, single.seeds.index(seed)
        old, new = float(single.accuracies[place]), trained.accuracy[key.split]
        distances.append(abs(new - old))
        if (old, float(single.losses[place])) == (new, trained.loss[key.split]):
            continue
        is_same = False
        if not differing:
            what = f"{key} is {new!r}, not {old!r}" if new != old else f"the loss of {key} differs"
            faults.append(f"{what}, on the same machine and libraries")
        elif not distances[-1] <= allowed[key]:
            faults.append(
                f"{key} is {new:.2f}, not {old:.2f}: more than {allowed[key]:.2f} points apart"
            )
    outcome = RerunOutcome.IDENTICAL if is_same else RerunOutcome.CLOSE
    return RetrainingResult(
        code,
        seed,
        RerunOutcome.DIFFERENT if faults else outcome,
        max(distances),
        differing,
        tuple(faults),
    )
