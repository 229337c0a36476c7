from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.references import table_references
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, BySeed, Measurements, Source, TruthTable

KEY = AccuracyKey("cifar10", "test", 50)
MACRO = open_space("macro")


def macro_table(seeds: int) -> TruthTable:
    """Return a table in which architectures of one network differ by their seeds alone."""
    generator = np.random.default_rng(0)
    codes = np.sort(MACRO.sample(400))
    quality = dict(zip(range(MACRO.size), generator.normal(80, 5, MACRO.size), strict=True))
    expected = np.array([quality[code] for code in MACRO.network(codes).tolist()])
    trained = expected[:, None] + generator.normal(0, 1, (len(codes), seeds))
    if seeds > 1:
        trained[3, 0] = np.nan
    single = BySeed(tuple(range(seeds)), trained, np.zeros_like(trained))
    return TruthTable(
        "x", "-", Source("-", "-"), codes, {KEY: np.nanmean(trained, axis=1)}, space=MACRO,
        measurements=Measurements(by_seed={KEY: single}),
    )  # fmt: skip


def naive_means(table: TruthTable, values: np.ndarray) -> dict[int, float]:
    """Return the mean of values over the architectures of each network, without missing ones."""
    groups: dict[int, list[float]] = {}
    for code, value in zip(table.codes.tolist(), values.tolist(), strict=True):
        if not np.isnan(value):
            groups.setdefault(int(MACRO.network(code)), []).append(value)
    return {network: sum(group) / len(group) for network, group in groups.items()}


def tau(one: dict[int, float], other: dict[int, float]) -> float:
    return float(stats.kendalltau([*one.values()], [other[code] for code in one]).statistic)


def test_each_network_counts_once() -> None:
    table = macro_table(3)
    (found,) = table_references(table)
    truth = naive_means(table, table.accuracy(KEY))
    assert len(truth) < len(table)
    sizes = (MACRO.parameters, MACRO.multiply_adds)
    for value, count in zip((found.params, found.flops), sizes, strict=True):
        size = naive_means(table, count(table.codes, MACRO.table_scale).astype(float))
        assert value == pytest.approx(tau(size, truth), abs=1e-12)


def test_seeds_are_compared_where_both_are_known() -> None:
    table = macro_table(3)
    trained = table.measurements.by_seed[KEY].accuracies
    taus, weights = [], []
    for pair in combinations(range(3), 2):
        both = trained[:, pair].copy()
        both[np.isnan(both).any(axis=1)] = np.nan
        one, other = (naive_means(table, column) for column in both.T)
        taus.append(tau(one, other))
        weights.append(len(one))
    (found,) = table_references(table)
    assert found.seeds == pytest.approx(np.average(taus, weights=weights), abs=1e-12)
    assert table_references(macro_table(1))[0].seeds is None
