"""From the results of single architectures to a table."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.settings import read_settings
from benchmark.spaces.base import Codes, Scale, Space
from benchmark.truth.curves import LearningCurves
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import Agreement, BySeed, Measurements
from benchmark.truth.sources.official import MAX_SEEDS, ArchitectureResults, SeedResult
from benchmark.truth.table import Source, TruthTable
from benchmark.truth.table_with_curves import TableWithCurves

# Width of the images in pixels and number of classes of published trainings.
_IMAGES = {
    "cifar10-valid": (32, 10),
    "cifar10": (32, 10),
    "cifar100": (32, 100),
    "imagenet16-120": (16, 120),
    "imagenet": (224, 1000),
}
_TOLERANCE = 1e-9  # of parameters and multiply-adds, relative


def table_from_results(
    entries: Iterable[ArchitectureResults],
    *,
    space: Space,
    name: str,
    description: str,
    source: Source,
    protocol: Mapping[str, Any] | None = None,
) -> TableWithCurves:
    """Make a table from the results of single architectures.

    A column is kept if every architecture has it; the notes name the others.
    """
    rows = sorted(entries, key=lambda entry: entry.code)
    if not rows:
        raise InputError("holds no architecture")
    for row, after in pairwise(rows):
        if row.code == after.code:
            raise InputError(f"holds the architecture {space.format(row.code)} twice")
    keys, notes = _common_keys(rows)
    if not keys:
        raise InputError("holds no accuracy that all its architectures have")
    accuracies, seeds, deviations, losses, agreement, by_seed = {}, {}, {}, {}, {}, {}
    for key in keys:
        results = [row.results[key] for row in rows]
        columns = [np.array([it.accuracy for it in result.values()]) for result in results]
        accuracies[key] = np.array([np.mean(column) for column in columns])
        seeds[key] = np.array([len(column) for column in columns], np.int16)
        deviations[key] = np.array(
            [np.std(column, ddof=1) if len(column) > 1 else math.nan for column in columns]
        )
        means = np.array([np.mean([it.loss for it in each.values()]) for each in results])
        if not np.all(np.isnan(means)):
            losses[key] = means
        found = seed_agreement(
            [{seed: it.accuracy for seed, it in result.items()} for result in results]
        )
        if found is not None:
            agreement[key] = found
        singles = _by_seed(results)
        if singles is not None:
            by_seed[key] = singles
    costs = {
        key: np.array([row.costs.get(key, math.nan) for row in rows])
        for key in sorted({key for row in rows for key in row.costs})
    }
    numbers = [row.index for row in rows if row.index is not None]
    table = TruthTable(
        name=name,
        description=description,
        source=source,
        codes=np.array([row.code for row in rows]),
        accuracies=accuracies,
        seeds=seeds,
        official_index=np.array(numbers, np.int32) if len(numbers) == len(rows) else None,
        measurements=Measurements(deviations, losses, costs, agreement, by_seed),
        protocol=protocol or {},
        space=space,
    )
    return TableWithCurves(table, _curves(table, rows), (*notes, *formula_differences(table)))


def seed_agreement(by_seed: list[dict[int, float]]) -> Agreement | None:
    """Return how well seeds agree, or None if too few architectures have two."""
    from scipy.stats import kendalltau, spearmanr  # slow to import

    taus, rhos, weights = [], [], []
    for first, second in combinations(sorted(set().union(*by_seed)), 2):
        both = [(each[first], each[second]) for each in by_seed if {first, second} <= set(each)]
        pairs = np.array(both).reshape(-1, 2)
        if len(pairs) > 1 and np.all(np.ptp(pairs, axis=0) > 0):  # undefined for a constant
            taus.append(float(kendalltau(pairs[:, 0], pairs[:, 1]).statistic))
            rhos.append(float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic))
            weights.append(len(pairs))
    if not taus:
        return None
    counts = {len(each) for each in by_seed}
    return Agreement(
        tau=float(np.average(taus, weights=weights)),
        architectures=sum(len(each) > 1 for each in by_seed),
        rho=float(np.average(rhos, weights=weights)),
        seeds=counts.pop() if len(counts) == 1 else None,
    )


def formula_differences(table: TruthTable) -> list[str]:
    """Compare parameters and multiply-adds with those by formula; name the first that differ."""
    lines = []
    scales = network_scales(table)
    for quantity in ("params", "flops"):
        for key, column in table.measurements.costs.items():
            if key.quantity != quantity or key.run not in scales:
                continue
            expected = cost_by_formula(key, table.codes, table.space, scales[key.run])
            unlike = np.flatnonzero(~np.isclose(column, expected, _TOLERANCE, 0, equal_nan=True))
            if unlike.size:
                first = unlike[0]
                lines.append(
                    f"{key}: {unlike.size:,} of {len(table):,} differ from the formula, the first "
                    f"is {column[first]:.6f} M instead of {expected[first]:.6f} M for "
                    f"{table.space.format(int(table.codes[first]))}"
                )
                break  # the other trainings have the same differences
    return lines


def network_scales(table: TruthTable) -> dict[str, Scale]:
    """Return the size of the networks of a table's trainings, for those where it is known.

    A table that does not say them has those of the space's public table.
    """
    own = table.protocol.get("networks", {})
    return published_scales(table.space) | {
        run: read_settings(table.space.scale_class, scale, f"network of {run}")
        for run, scale in own.items()
    }


def published_scales(space: Space) -> dict[str, Scale]:
    """Return the size of a space's published networks by training, for the images of each."""
    return {
        run: replace(space.table_scale, resolution=resolution, classes=classes)
        for run, (resolution, classes) in _IMAGES.items()
    }


def cost_by_formula(key: CostKey, codes: Codes, space: Space, scale: Scale) -> NDArray[np.float64]:
    """Return parameters or multiply-adds by formula, in millions."""
    count = space.parameters if key.quantity == "params" else space.multiply_adds
    return np.asarray(count(codes, scale) / 1e6)


def _common_keys(rows: list[ArchitectureResults]) -> tuple[list[AccuracyKey], list[str]]:
    """Return the accuracies that every architecture has, and a note for each of the others."""
    common, notes = [], []
    for key in sorted({key for row in rows for key in row.results}):
        count = sum(key in row.results for row in rows)
        if count == len(rows):
            common.append(key)
        else:
            notes.append(f"{key} is left out: {count:,} of {len(rows):,} architectures have it")
    return common, notes


def _by_seed(results: list[Mapping[int, SeedResult]]) -> BySeed | None:
    """Return the numbers of each seed, or None if there are more seeds than any benchmark has."""
    seeds = sorted({seed for result in results for seed in result})
    if len(seeds) > MAX_SEEDS:
        return None
    accuracies, losses = np.full((2, len(results), len(seeds)), math.nan)
    for row, result in enumerate(results):
        for column, seed in enumerate(seeds):
            if seed in result:
                accuracies[row, column] = result[seed].accuracy
                losses[row, column] = result[seed].loss
    return BySeed(tuple(seeds), accuracies, losses)


def _curves(table: TruthTable, rows: list[ArchitectureResults]) -> LearningCurves | None:
    names = sorted(set.intersection(*(set(row.curves) for row in rows)))
    if not names:
        return None
    columns = {name: np.stack([row.curves[name] for row in rows]) for name in names}
    return LearningCurves(table.name, table.source, table.codes, columns, space=table.space)
