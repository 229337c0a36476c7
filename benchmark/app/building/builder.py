"""Training what a table needs, each network once, and writing the table once all is trained."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from baselines.standalone import TRAINING_VERSION
from baselines.standalone.images import read_parts
from benchmark.app.building.assembling import assemble, failed_trainings, list_faults
from benchmark.app.building.journal import JOURNAL, Journal, TrainingKey, open_journal
from benchmark.app.building.plan import BuildPlan
from benchmark.app.building.training import train_all
from benchmark.app.workers.backends import LOCAL, Workers
from benchmark.app.workers.preparing import prepare_images
from benchmark.app.workers.reproducible import THREADS
from benchmark.errors import CheckError, InputError
from benchmark.images import data_folder
from benchmark.records.provenance import machine_differences, provenance
from benchmark.truth.curves import SUFFIX as CURVES_SUFFIX
from benchmark.truth.curves import write_curves
from benchmark.truth.files.nbtable import SUFFIX, read_table, write_table
from benchmark.truth.table import TruthTable

MOST_FAILED = 0.01  # share of the networks that a table may leave out because training diverged


@dataclass(frozen=True, eq=False)
class BuildResult:
    """The outcome of a build."""

    trainings: int  # number of trainings in this shard
    reused: int  # how many of them were done before
    differing: tuple[str, ...]  # properties of machine or version that differed for those
    damaged: int  # lines of the journal that could not be used
    missing: int  # trainings of other shards that the table still needs
    notes: tuple[str, ...] = ()  # what the table leaves out, a line each
    table: TruthTable | None = None  # the table; None where trainings are missing
    path: Path | None = None
    curves: Path | None = None


def build_table(
    plan: BuildPlan,
    folder: Path,
    name: str,
    *,
    device: str = "cpu",
    workers: Workers = LOCAL,
    shard: tuple[int, int] = (1, 1),
    data: Path | None = None,
) -> BuildResult:
    """Train what is missing, and write the table if all is trained then.

    Trainings and table are kept in the folder, the table in a file of its ``name``.

    Raises:
        InputError: The images, the device or the folder's trainings cannot be used, or a table of
            this name there holds more.
        CheckError: A training failed for another reason than divergence, or too many diverged, and
            all others were finished; or the folder cannot be written, or workers died.
        StoppedError: A signal asked to stop; finished trainings are kept.
    """
    images = data_folder(data)
    prepare_images(plan.protocol.data, images)  # here, once for all workers
    parts = read_parts(plan.protocol, images, "cpu")  # fails now rather than in every worker
    settings = {  # trainings with the same settings can be in one table
        "protocol": plan.protocol.describe(),
        "device": device.partition(":")[0],
        "code": TRAINING_VERSION,
        "images": parts.digest(),
    }
    trainings = plan.share(shard)
    with open_journal(folder, settings) as journal:
        _check_larger(plan, folder / f"{name}{SUFFIX}")
        missing = [training for training in trainings if training not in journal]
        differing = _differing(journal, set(trainings) - set(missing), device)
        if missing:
            train_all(plan.protocol, missing, journal, images, device, workers)
        reused = len(trainings) - len(missing)
        left = sum(training not in journal for training in plan.trainings)
        built = BuildResult(len(trainings), reused, differing, journal.damaged, left)
        return built if left else _write(plan, journal, name, built)


def _check_larger(plan: BuildPlan, path: Path) -> None:
    """Check that a table does not replace a larger one."""
    try:
        old = read_table(path)
    except InputError:  # there is none, or it is damaged
        return
    seeds = set(old.protocol.get("seeds", []))
    if not (set(old.codes.tolist()) <= set(plan.codes.tolist()) and seeds <= set(plan.seeds)):
        raise InputError(
            f"{path} holds {len(old):,} architectures at {len(seeds)} seeds, and a table of "
            f"{len(plan.codes):,} at {len(plan.seeds)} would lack some of them: give another --name"
        )


def _differing(journal: Journal, reused: Collection[TrainingKey], device: str) -> tuple[str, ...]:
    """Return what differs between this process and those that did some trainings."""
    here = provenance(device) | {"threads": THREADS}
    names: list[str] = []
    for machine in sorted({journal.made_on[training] for training in reused}):
        there = journal.machines[machine]
        names += machine_differences(there, here)
        names += [name for name in ("version", "commit") if there.get(name) != here[name]]
    return tuple(dict.fromkeys(names))


def _write(plan: BuildPlan, journal: Journal, name: str, built: BuildResult) -> BuildResult:
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
    """Check that so few networks failed that the others are a fair sample."""
    failed = failed_trainings(journal, plan.protocol.search_space, plan.codes, plan.seeds)
    networks, lost = len(plan.trainings) // len(plan.seeds), len({one.code for one in failed})
    if lost and lost >= MOST_FAILED * networks:
        raise CheckError(
            f"{lost:,} of {networks:,} networks cannot be trained, and a table may leave out less "
            f"than 1 %: {list_faults(journal, failed)}; change the protocol, or delete their lines "
            f"in {journal.folder / JOURNAL} to try them again"
        )
