"""Training what a table needs, each network once, and writing the table when nothing is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from baselines.alone import TRAINING_VERSION
from baselines.alone.images import read_parts
from benchmark.app.building.assembling import assemble, failed_trainings, listed
from benchmark.app.building.journal import JOURNAL, Journal, TrainingKey, open_journal
from benchmark.app.building.work import train_all
from benchmark.app.running.shards import share_of
from benchmark.app.workers.backends import HERE, Workers
from benchmark.app.workers.loky import THREADS
from benchmark.errors import CheckError, InputError
from benchmark.images import data_folder, dataset_record
from benchmark.records.provenance import machine_differences, provenance
from benchmark.spaces.nb201 import Codes, network_codes
from benchmark.tasks.protocol import TrainingProtocol
from benchmark.truth.curves import SUFFIX as CURVES_SUFFIX
from benchmark.truth.curves import write_curves
from benchmark.truth.files.nbtable import SUFFIX, read_table, write_table
from benchmark.truth.table import TruthTable

MOST_FAILED = 0.01  # share of the networks that a table may lack, because they cannot be trained
_VERSIONS = ("version", "commit")  # told where they differ, beside machine and libraries


@dataclass(frozen=True, eq=False)
class BuildPlan:
    """What a table is to hold.

    Attributes:
        protocol: How architectures are trained.
        codes: Architectures [n], in the order in which they are trained, each once.
        seeds: Seeds.
    """

    protocol: TrainingProtocol
    codes: Codes
    seeds: Sequence[int]

    @property
    def trainings(self) -> list[TrainingKey]:
        """One for each network and seed."""
        return self.share((1, 1))

    def share(self, shard: tuple[int, int]) -> list[TrainingKey]:
        """Return the trainings of every n-th network, at all seeds."""
        networks = list(dict.fromkeys(network_codes(self.codes).tolist()))
        return [
            TrainingKey(code, seed) for code in share_of(networks, shard) for seed in self.seeds
        ]


@dataclass(frozen=True, eq=False)
class Built:
    """What came of a build.

    Attributes:
        trainings: How many trainings this share of the work has.
        reused: How many of them were done before.
        elsewhere: What of the machine or the versions differed when some of those were done.
        damaged: Lines of the journal that could not be used.
        left: Trainings that the table still lacks; those of other shares.
        notes: Lines on what the table leaves out.
        table: The table; None where it lacks something.
        path: Its file.
        curves: The file of its learning curves.
    """

    trainings: int
    reused: int
    elsewhere: tuple[str, ...]
    damaged: int
    left: int
    notes: tuple[str, ...] = ()
    table: TruthTable | None = None
    path: Path | None = None
    curves: Path | None = None


def build_table(
    plan: BuildPlan,
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
        InputError: The images, the device or what is in the folder cannot be used, or a table of
            the same name there holds what this one would lack.
        CheckError: A training failed for another reason than that it diverges, or too many
            diverge, and the others were finished; or the folder cannot be written, or the system
            ended a worker.
        StoppedError: A signal asked it to stop; what is finished is kept.
    """
    images = data_folder(data)
    dataset_record(plan.protocol.data.dataset).prepare(images)  # here, once for all workers
    parts = read_parts(plan.protocol, images, "cpu")  # fails now rather than in every worker
    settings = {  # trainings that have all of these in common may stand in one table
        "protocol": plan.protocol.describe(),
        "device": device.partition(":")[0],
        "code": TRAINING_VERSION,
        "images": parts.digest(),
    }
    work = plan.share(shard)
    with open_journal(folder, settings) as journal:
        _check_smaller(plan, folder / f"{name}{SUFFIX}")
        missing = [training for training in work if training not in journal]
        elsewhere = _elsewhere(journal, set(work) - set(missing), device)
        if missing:
            train_all(plan.protocol, missing, journal, images, device, workers)
        left = sum(training not in journal for training in plan.trainings)
        built = Built(len(work), len(work) - len(missing), elsewhere, journal.damaged, left)
        return built if left else _write(plan, journal, name, built)


def _check_smaller(plan: BuildPlan, path: Path) -> None:
    """Check that a table does not take the place of a larger one."""
    if not path.exists():
        return
    try:
        kept = read_table(path)
    except InputError:  # damaged, or of an old version: made again
        return
    seeds = set(kept.protocol.get("seeds", []))
    if not (set(kept.codes.tolist()) <= set(plan.codes.tolist()) and seeds <= set(plan.seeds)):
        raise InputError(
            f"{path} holds {len(kept):,} architectures at {len(seeds)} seeds, and a table of "
            f"{len(plan.codes):,} at {len(plan.seeds)} would lack some of them: give another --name"
        )


def _elsewhere(journal: Journal, reused: Collection[TrainingKey], device: str) -> tuple[str, ...]:
    """Return in what this process differs from those that did some trainings."""
    machines = {journal.made_on[training] for training in reused}
    if not machines:
        return ()
    here = provenance(device) | {"threads": THREADS}
    found: list[str] = []
    for facts in (journal.machines[machine] for machine in sorted(machines)):
        found += machine_differences(facts, here)
        found += [name for name in _VERSIONS if facts.get(name) != here[name]]
    return tuple(dict.fromkeys(found))


def _write(plan: BuildPlan, journal: Journal, name: str, built: Built) -> Built:
    _check_failed(plan, journal)
    done = assemble(journal, plan.protocol, plan.codes, plan.seeds, name)
    path = journal.folder / f"{name}{SUFFIX}"
    write_table(done.table, path)
    curves = None
    if done.curves is not None:
        curves = path.with_name(name + CURVES_SUFFIX)
        write_curves(done.curves, curves)
    return replace(built, notes=done.notes, table=done.table, path=path, curves=curves)


def _check_failed(plan: BuildPlan, journal: Journal) -> None:
    """Check that few enough networks failed for the others to be a fair sample."""
    failed = failed_trainings(journal, plan.codes, plan.seeds)
    networks, lost = len(plan.trainings) // len(plan.seeds), len({one.code for one in failed})
    if lost and lost >= MOST_FAILED * networks:
        raise CheckError(
            f"{lost:,} of {networks:,} networks cannot be trained, and a table may leave out less "
            f"than 1 %: {listed(journal, failed)}; change the protocol, or delete their lines in "
            f"{journal.folder / JOURNAL} to try them again"
        )
