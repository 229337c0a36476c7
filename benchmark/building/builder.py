"""Training what a table needs, each network once, and writing the table when nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from baselines.alone import Trained, train_alone
from baselines.alone.images import read_parts
from benchmark.building.assembling import assemble
from benchmark.building.journal import Journal, Training, open_journal
from benchmark.datasets import data_folder, dataset_record
from benchmark.errors import CheckError, fault_line
from benchmark.pool import WorkerDiedError
from benchmark.progress import Meter, shown_board
from benchmark.protocol import Protocol
from benchmark.shards import share_of
from benchmark.space import Codes, network_codes
from benchmark.store.provenance import provenance
from benchmark.tables.curves import SUFFIX as CURVES_SUFFIX
from benchmark.tables.curves import write_curves
from benchmark.tables.file import SUFFIX, write_table
from benchmark.tables.truth import TruthTable
from benchmark.workers import HERE, Workers

PATIENCE = 3  # workers that may die one after the other without a training done
_PLACE = (  # what of a process's provenance a table tells
    "version", "commit", "dirty", "python", "libraries", "device", "accelerator", "threads", "cpu",
    "instructions",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Plan:
    """What a table is to hold.

    Attributes:
        protocol: How architectures are trained.
        codes: Architectures [n], in the order in which they are trained, each once.
        seeds: Seeds.
    """

    protocol: Protocol
    codes: Codes
    seeds: Sequence[int]

    @property
    def trainings(self) -> list[Training]:
        """One for each network and seed."""
        networks = dict.fromkeys(network_codes(self.codes).tolist())
        return [Training(code, seed) for code in networks for seed in self.seeds]


@dataclass(frozen=True, eq=False)
class Built:
    """What came of a build.

    Attributes:
        trainings: How many trainings this share of the work has.
        reused: How many of them were done before.
        damaged: Lines of the journal that could not be used.
        left: Trainings that the table still lacks; those of other shares.
        table: The table; None where it lacks something.
        path: Its file.
        curves: The file of its learning curves.
    """

    trainings: int
    reused: int
    damaged: int
    left: int
    table: TruthTable | None = None
    path: Path | None = None
    curves: Path | None = None


def build_table(
    plan: Plan,
    folder: Path,
    name: str,
    *,
    device: str = "cpu",
    workers: Workers = HERE,
    shard: tuple[int, int] = (1, 1),
    data: Path | None = None,
) -> Built:
    """Train what is missing, and write the table when nothing is missing any more.

    Args:
        plan: What the table is to hold.
        folder: Where trainings and table are kept.
        name: Name of the table and its file.
        device: Where networks live, like ``cpu`` or ``cuda:0``.
        workers: Who trains them.
        shard: Which of how many shares of the work to do.
        data: Where files of images lie; None is the folder of `data_folder`.

    Returns:
        What was done.

    Raises:
        InputError: The images, the device or what is in the folder cannot be used.
        CheckError: A training failed and the others were finished, or the folder cannot be
            written, or the system ended a worker.
    """
    images = data_folder(data)
    dataset_record(plan.protocol.data.dataset).prepare(images)  # here, once for all workers
    read_parts(plan.protocol, images, "cpu")  # fails now rather than in every worker
    settings = {"protocol": plan.protocol.describe(), "device": device.partition(":")[0]}
    work = share_of(plan.trainings, shard)
    with open_journal(folder, settings) as journal:
        missing = [training for training in work if training not in journal.trained]
        if missing:
            _train_all(plan.protocol, missing, journal, images, device, workers)
        left = sum(training not in journal.trained for training in plan.trainings)
        built = Built(len(work), len(work) - len(missing), journal.damaged, left)
        return built if left else _write(plan, journal, name, built)


def _write(plan: Plan, journal: Journal, name: str, built: Built) -> Built:
    done = assemble(journal, plan.protocol, plan.codes, plan.seeds, name)
    path = journal.folder / f"{name}{SUFFIX}"
    write_table(done.table, path)
    curves = None
    if done.curves is not None:
        curves = path.with_name(name + CURVES_SUFFIX)
        write_curves(done.curves, curves)
    return Built(built.trainings, built.reused, built.damaged, 0, done.table, path, curves)


def _train_all(
    protocol: Protocol,
    missing: Sequence[Training],
    journal: Journal,
    images: Path,
    device: str,
    workers: Workers,
) -> None:
    """Train networks; where a worker dies, go on with those that it did not work on."""
    faults: dict[Training, str] = {}
    left, what = list(missing), f"training on {protocol.data.dataset}"
    in_vain = 0
    with shown_board(len(missing), what) as board:
        meters = {training: board.meter(place) for place, training in enumerate(missing)}
        while left:
            orders = [(protocol, training, images, device, meters[training]) for training in left]
            try:
                _round(orders, journal, faults, workers)
                died = False
            except WorkerDiedError:
                died = True
                in_vain = 0 if any(_is_over(one, journal, faults) for one in left) else in_vain + 1
                if in_vain == PATIENCE:
                    raise
            left = [one for one in left if not _is_over(one, journal, faults)]
            if died:  # what it worked on stood first: the others come before that is tried again
                left = left[workers.jobs :] + left[: workers.jobs]
    if faults:
        first = next(training for training in missing if training in faults)
        raise CheckError(
            f"{len(faults)} of {len(missing)} trainings failed, the first of them that of "
            f"architecture {first.code} at seed {first.seed}: {faults[first]}"
        )


def _is_over(training: Training, journal: Journal, faults: Mapping[Training, str]) -> bool:
    return training in journal.trained or training in faults


def _round(
    orders: Sequence[tuple[Protocol, Training, Path, str, Meter]],
    journal: Journal,
    faults: dict[Training, str],
    workers: Workers,
) -> None:
    """Train networks and write down each as it comes, here, where no worker can lose it."""
    meters = {training: meter for _, training, _, _, meter in orders}
    with workers.pool(len(orders)) as pool:
        for training, result in pool.results(_train, orders):
            meters[training].show(1.0)  # workers elsewhere cannot
            if isinstance(result, str):
                faults[training] = result
            else:
                journal.add(training, *result)


def _train(
    protocol: Protocol, training: Training, images: Path, device: str, meter: Meter
) -> tuple[Training, tuple[Trained, dict[str, Any]] | str]:
    """Train one network; return what it gave and where, or what went wrong."""
    try:
        trained = train_alone(
            training.code,
            training.seed,
            protocol,
            images,
            device,
            lambda share: meter.show(0.999 * share),
        )
    except Exception as error:  # whatever it is, the others go on
        return training, fault_line(error)
    meter.show(1.0)
    return training, (trained, _place(device))


@cache
def _place(device: str) -> dict[str, Any]:
    """Return where this process computes."""
    found = provenance(device)
    return {name: found[name] for name in _PLACE}
