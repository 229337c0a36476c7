"""From trainings to a table: every architecture gets the numbers of its network."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from baselines.standalone import TrainingResult
from benchmark.app.building.build_info import SOURCE_KIND, BuildInfo
from benchmark.app.building.journal import Journal, TrainingKey
from benchmark.records import digest
from benchmark.spaces.base import Codes, Space
from benchmark.tasks.protocol import TrainingProtocol
from benchmark.truth import AccuracyKey, CostKey, Source
from benchmark.truth.sources.official import ArchitectureResults, SeedResult
from benchmark.truth.table_from_results import table_from_results
from benchmark.truth.table_with_curves import TableWithCurves

NAMED = 10  # failed trainings that a message names


def assemble(
    journal: Journal, protocol: TrainingProtocol, codes: Codes, seeds: Sequence[int], name: str
) -> TableWithCurves:
    """Make a table, and learning curves where the protocol asks for them, of finished trainings.

    Apart from machines and times, the result does not depend on the order or the place of
    trainings. Networks with a failed training are left out, and a note says so.
    """
    dataset, epochs = protocol.data.dataset, protocol.training.epochs
    space = protocol.search_space
    failed = failed_trainings(journal, space, codes, seeds)
    lost = {training.code for training in failed}
    asked, codes = codes, codes[~np.isin(space.network(codes), list(lost))]
    network_of = dict(zip(codes.tolist(), space.network(codes).tolist(), strict=True))
    needed = needed_trainings(space, codes, seeds)
    sizes = {
        CostKey("params", dataset, epochs): space.parameters(codes, protocol.scale) / 1e6,
        CostKey("flops", dataset, epochs): space.multiply_adds(codes, protocol.scale) / 1e6,
    }
    entries = []
    for row, code in enumerate(codes.tolist()):
        by_seed = {seed: journal.trained[TrainingKey(network_of[code], seed)] for seed in seeds}
        seconds = float(np.mean([one.seconds for one in by_seed.values()]))
        costs = {key: float(column[row]) for key, column in sizes.items()}
        costs[CostKey("seconds", dataset, epochs)] = seconds
        results, curves = _results(by_seed, dataset, epochs), _curves(by_seed, dataset, epochs)
        entries.append(ArchitectureResults(code, None, results, costs, curves))
    machines = sorted({journal.made_on[training] for training in needed})
    info = BuildInfo(
        protocol=protocol,
        seeds=tuple(seeds),
        code=journal.settings["code"],
        images=journal.settings["images"],
        trainings=len(needed),
        machines=tuple(journal.machines[machine] for machine in machines),
        failed=tuple({**asdict(one), "fault": journal.failed[one]} for one in failed),
    )
    done = table_from_results(
        entries,
        space=space,
        name=name,
        description=_description(protocol, len(codes), len(needed) // len(seeds), len(seeds)),
        source=Source("trained.jsonl", _checksum(journal, needed), SOURCE_KIND),
        protocol=info.to_dict(),
    )
    made_on = [
        [machines.index(journal.made_on[TrainingKey(network_of[code], seed)]) for seed in seeds]
        for code in done.table.codes.tolist()
    ]
    measured = replace(done.table.measurements, made_on=np.array(made_on, np.int16))
    notes = done.notes
    if failed:
        notes += (
            f"left out: {len(lost):,} of {len(np.unique(space.network(asked))):,} networks, "
            f"{len(asked) - len(codes):,} of {len(asked):,} architectures, as a training failed: "
            f"{list_faults(journal, failed)}",
        )
    return replace(done, table=replace(done.table, measurements=measured), notes=notes)


def failed_trainings(
    journal: Journal, space: Space, codes: Codes, seeds: Sequence[int]
) -> list[TrainingKey]:
    """Return the failed trainings of some architectures, in ascending order."""
    return [one for one in needed_trainings(space, codes, seeds) if one in journal.failed]


def list_faults(journal: Journal, failed: Sequence[TrainingKey]) -> str:
    """Return the faults of some trainings in one line, the first ten by name."""
    lines = [f"architecture {one.code} at seed {one.seed}: {journal.failed[one]}" for one in failed]
    more = [f"and {len(lines) - NAMED:,} more"] if len(lines) > NAMED else []
    return "; ".join(lines[:NAMED] + more)


def needed_trainings(space: Space, codes: Codes, seeds: Sequence[int]) -> list[TrainingKey]:
    """Return the trainings that a table of some architectures needs, in ascending order."""
    networks = np.unique(space.network(codes)).tolist()
    return [TrainingKey(code, seed) for code in networks for seed in seeds]


def _results(
    by_seed: Mapping[int, TrainingResult], dataset: str, epochs: int
) -> dict[AccuracyKey, dict[int, SeedResult]]:
    splits = next(iter(by_seed.values())).accuracy
    return {
        AccuracyKey(dataset, split, epochs): {
            seed: SeedResult(one.accuracy[split], one.loss[split]) for seed, one in by_seed.items()
        }
        for split in splits
    }


def _curves(
    by_seed: Mapping[int, TrainingResult], dataset: str, epochs: int
) -> dict[str, NDArray[np.float32]]:
    """Return the learning curves of each split: the mean over seeds, and each seed's."""
    found = {}
    for split in next(iter(by_seed.values())).curve:
        name = str(AccuracyKey(dataset, split, epochs))
        curves = {seed: np.asarray(one.curve[split]) for seed, one in by_seed.items()}
        found[name] = np.mean(list(curves.values()), axis=0).astype(np.float32)
        for seed, curve in curves.items():
            found[f"{name} seed {seed}"] = curve.astype(np.float32)
    return found


def _checksum(journal: Journal, needed: Sequence[TrainingKey]) -> str:
    """Return the SHA-256 of all measurements; times and machines do not count."""
    found = [
        [one.code, one.seed, trained.accuracy, trained.loss, trained.curve]
        for one, trained in ((one, journal.trained[one]) for one in needed)
    ]
    return digest({"settings": journal.settings, "trained": found})


def _description(protocol: TrainingProtocol, count: int, networks: int, seeds: int) -> str:
    scale = protocol.scale
    return (
        f"{count:,} architectures, {networks:,} different networks, trained alone on "
        f"{protocol.data.dataset} with {seeds} seeds: {scale.describe()}, "
        f"{protocol.training.epochs} epochs"
    )
