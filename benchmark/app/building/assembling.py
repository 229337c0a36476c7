"""From trainings to a table: every architecture gets the numbers of the network that it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np

from baselines.alone import TrainingResult
from benchmark.app.building.journal import Journal, TrainingKey
from benchmark.app.building.told import SOURCE_KIND, Told
from benchmark.records import digest
from benchmark.spaces.nb201 import Codes, network_codes
from benchmark.spaces.nb201.complexity import flops, parameters
from benchmark.tasks.protocol import TrainingProtocol
from benchmark.truth import AccuracyKey, CostKey, Source
from benchmark.truth.gathering import Gathered, gather
from benchmark.truth.sources.official import Measured, Reading

NAMED = 10  # failed trainings that a message names


def assemble(
    journal: Journal, protocol: TrainingProtocol, codes: Codes, seeds: Sequence[int], name: str
) -> Gathered:
    """Make a table, and its learning curves where there are some, of finished trainings.

    Nothing in them depends on the order in which, or the machine on which, networks were trained,
    but the time that a training took and where that is told. Networks of which a training failed
    are left out, and that is noted.

    Args:
        journal: The trainings; it must hold all that are needed, some of which must be well.
        protocol: What they have in common.
        codes: Architectures [n], in any order.
        seeds: Seeds.
        name: Name of the table.

    Returns:
        The table and its curves.
    """
    dataset, epochs = protocol.data.dataset, protocol.training.epochs
    failed = failed_trainings(journal, codes, seeds)
    lost = {training.code for training in failed}
    whole, codes = codes, codes[~np.isin(network_codes(codes), list(lost))]
    representatives = dict(zip(codes.tolist(), network_codes(codes).tolist(), strict=True))
    needed = needed_trainings(codes, seeds)
    sizes = {
        CostKey("params", dataset, epochs): parameters(codes, protocol.scale) / 1e6,
        CostKey("flops", dataset, epochs): flops(codes, protocol.scale) / 1e6,
    }
    readings = []
    for row, code in enumerate(codes.tolist()):
        by_seed = {
            seed: journal.trained[TrainingKey(representatives[code], seed)] for seed in seeds
        }
        seconds = float(np.mean([one.seconds for one in by_seed.values()]))
        costs = {key: float(column[row]) for key, column in sizes.items()}
        readings.append(
            Reading(
                code,
                None,
                _results(by_seed, dataset, epochs),
                costs | {CostKey("seconds", dataset, epochs): seconds},
                _curves(by_seed, dataset, epochs),
            )
        )
    source = Source("trained.jsonl", _checksum(journal, needed), SOURCE_KIND)
    machines = sorted({journal.made_on[training] for training in needed})
    told = Told(
        protocol=protocol,
        seeds=tuple(seeds),
        code=journal.settings.get("code"),
        images=journal.settings.get("images"),
        trainings=len(needed),
        machines=tuple(journal.machines[machine] for machine in machines),
        failed=tuple({**asdict(one), "fault": journal.failed[one]} for one in failed),
    )
    done = gather(
        readings,
        name=name,
        description=_description(protocol, len(codes), len(needed) // len(seeds), len(seeds)),
        source=source,
        protocol=told.to_dict(),
    )
    made_on = [
        [
            machines.index(journal.made_on[TrainingKey(representatives[code], seed)])
            for seed in seeds
        ]
        for code in done.table.codes.tolist()
    ]
    measured = replace(done.table.measurements, made_on=np.array(made_on, np.int16))
    notes = done.notes
    if failed:
        notes += (
            f"left out: {len(lost):,} of {len(np.unique(network_codes(whole))):,} networks, "
            f"{len(whole) - len(codes):,} of {len(whole):,} architectures, as a training failed: "
            f"{listed(journal, failed)}",
        )
    return replace(done, table=replace(done.table, measurements=measured), notes=notes)


def failed_trainings(journal: Journal, codes: Codes, seeds: Sequence[int]) -> list[TrainingKey]:
    """Return those trainings of some architectures that failed, in ascending order."""
    return [one for one in needed_trainings(codes, seeds) if one in journal.failed]


def listed(journal: Journal, failed: Sequence[TrainingKey]) -> str:
    """Return what was wrong with some trainings, of which the first are named."""
    lines = [f"architecture {one.code} at seed {one.seed}: {journal.failed[one]}" for one in failed]
    more = [f"and {len(lines) - NAMED:,} more"] if len(lines) > NAMED else []
    return "; ".join(lines[:NAMED] + more)


def needed_trainings(codes: Codes, seeds: Sequence[int]) -> list[TrainingKey]:
    """Return the trainings that a table of some architectures is made of, in ascending order."""
    networks = np.unique(network_codes(codes)).tolist()
    return [TrainingKey(code, seed) for code in networks for seed in seeds]


def _results(
    by_seed: Mapping[int, TrainingResult], dataset: str, epochs: int
) -> dict[AccuracyKey, dict[int, Measured]]:
    splits = next(iter(by_seed.values())).accuracy
    return {
        AccuracyKey(dataset, split, epochs): {
            seed: Measured(one.accuracy[split], one.loss[split]) for seed, one in by_seed.items()
        }
        for split in splits
    }


def _curves(
    by_seed: Mapping[int, TrainingResult], dataset: str, epochs: int
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    splits = next(iter(by_seed.values())).curve
    found = {}
    for split in splits:
        name = str(AccuracyKey(dataset, split, epochs))
        curves = {seed: np.asarray(one.curve[split]) for seed, one in by_seed.items()}
        found[name] = np.mean(list(curves.values()), axis=0).astype(np.float32)
        found |= {
            seed_curve(name, seed): curve.astype(np.float32) for seed, curve in curves.items()
        }
    return found


def seed_curve(name: str, seed: int) -> str:
    """Return the name of the learning curves of one seed.

    Example:
        >>> seed_curve("digits_test_4", 0)
        'digits_test_4 seed 0'
    """
    return f"{name} seed {seed}"


def _checksum(journal: Journal, needed: Sequence[TrainingKey]) -> str:
    """Return the SHA-256 of what was measured, whenever and wherever that was."""
    found = [
        [one.code, one.seed, trained.accuracy, trained.loss, trained.curve]
        for one, trained in ((one, journal.trained[one]) for one in needed)
    ]
    return digest({"settings": journal.settings, "trained": found})


def _description(protocol: TrainingProtocol, count: int, networks: int, seeds: int) -> str:
    scale = protocol.scale
    return (
        f"{count:,} architectures, {networks:,} different networks, trained alone on "
        f"{protocol.data.dataset} with {seeds} seeds: C={scale.channels}, N={scale.cells}, "
        f"{scale.resolution}×{scale.resolution}, {protocol.training.epochs} epochs"
    )
