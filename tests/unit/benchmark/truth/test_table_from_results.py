from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError, MissingError
from benchmark.spaces.nb201 import from_string
from benchmark.spaces.registry import open_space
from benchmark.truth.curves import LearningCurves
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import Agreement, BySeed, Measurements
from benchmark.truth.sources.official import ArchitectureResults, SeedResult, read_record
from benchmark.truth.table import Source, TruthTable
from benchmark.truth.table_from_results import (
    cost_by_formula,
    formula_differences,
    published_scales,
    seed_agreement,
    table_from_results,
)

NB201 = open_space("nb201")

TEST = AccuracyKey("cifar10", "test", 200)


def naive_tau(first: list[float], second: list[float]) -> float:
    signs = [
        (np.sign(first[i] - first[j]), np.sign(second[i] - second[j]))
        for i, j in combinations(range(len(first)), 2)
    ]
    ties = [sum(sign[side] == 0 for sign in signs) for side in (0, 1)]
    concordance = sum(a * b for a, b in signs)
    return float(concordance / np.sqrt((len(signs) - ties[0]) * (len(signs) - ties[1])))


def test_agreement_is_the_weighted_mean_over_pairs_of_seeds() -> None:
    random = np.random.default_rng(0)
    seeds = [(777,), (777, 888), (777, 888, 999), (888, 999)]
    by_seed = [
        {seed: float(random.integers(50, 60)) for seed in seeds[int(random.integers(4))]}
        for _ in range(60)
    ]
    taus, weights = [], []
    for pair in combinations((777, 888, 999), 2):
        both = [[each[seed] for seed in pair] for each in by_seed if set(pair) <= set(each)]
        taus.append(naive_tau(*map(list, zip(*both, strict=True))))
        weights.append(len(both))
    found = seed_agreement(by_seed)
    assert found is not None
    assert found.tau == pytest.approx(np.average(taus, weights=weights), abs=1e-12)
    assert found.architectures == sum(len(each) > 1 for each in by_seed)
    assert found.seeds is None
    even = seed_agreement([{1: 1.0, 2: 1.0}, {1: 2.0, 2: 3.0}])
    assert even is not None
    assert (even.tau, even.architectures, even.seeds) == (1, 2, 2)
    assert even.rho == pytest.approx(1)


@pytest.mark.parametrize("by_seed", [[{1: 5.0}] * 9, [{1: 5.0, 2: 6.0}], [{1: 5.0, 2: 6.0}] * 3])
def test_agreement_of_what_cannot_be_ordered_is_unknown(by_seed: list[dict[int, float]]) -> None:
    assert seed_agreement(by_seed) is None


def test_what_each_seed_gave_is_kept() -> None:
    results = [
        {888: SeedResult(50.0, 1.5), 777: SeedResult(40.0, 2.5)},
        {999: SeedResult(60.0, 0.5)},
    ]
    entries = [
        ArchitectureResults(code, None, {TEST: it}, {}, {}) for code, it in enumerate(results)
    ]
    table = table_from_results(
        entries, name="x", description="", source=Source("-", "-"), space=NB201
    ).table
    found = table.measurements.by_seed[TEST]
    assert found.seeds == (777, 888, 999)
    missing = np.nan
    np.testing.assert_array_equal(found.accuracies, [[40, 50, missing], [missing, missing, 60]])
    np.testing.assert_array_equal(found.losses, [[2.5, 1.5, missing], [missing, missing, 0.5]])
    assert np.array_equal(np.nanmean(found.accuracies, axis=1), table.accuracy(TEST))


def test_more_seeds_than_any_benchmark_has_are_not_kept() -> None:
    entries = [
        ArchitectureResults(code, None, {TEST: {code: SeedResult(50.0, 1.0)}}, {}, {})
        for code in range(101)
    ]
    table = table_from_results(
        entries, name="x", description="", source=Source("-", "-"), space=NB201
    ).table
    assert table.measurements.by_seed == {}


def test_an_architecture_may_stand_there_once(records: dict[int, Any]) -> None:
    reading = read_record(0, records[0])
    make = partial(
        table_from_results, space=NB201, name="x", description="", source=Source("-", "-")
    )
    with pytest.raises(InputError, match="twice"):
        make([reading, replace(reading, index=1)])
    with pytest.raises(InputError, match="holds no architecture"):
        make([])
    with pytest.raises(InputError, match="holds no accuracy that all its architectures have"):
        make([reading, replace(read_record(1, records[1]), results={})])


@pytest.mark.parametrize(
    ("index", "arch", "run", "params", "flops"),
    [  # of NATS-tss-v1_0-3ffb9, architectures 0, 11 and 284
        (0, "avg_pool_3x3 nor_conv_1x1 skip_connect nor_conv_1x1 skip_connect skip_connect",
         "cifar10", 0.129306, 15.64737),
        (0, "avg_pool_3x3 nor_conv_1x1 skip_connect nor_conv_1x1 skip_connect skip_connect",
         "imagenet16-120", 0.136456, 3.91948),
        (0, "avg_pool_3x3 nor_conv_1x1 skip_connect nor_conv_1x1 skip_connect skip_connect",
         "cifar100", 0.135156, 15.65322),
    ],
)  # fmt: skip
def test_the_formula_gives_what_the_official_files_say(
    index: int, arch: str, run: str, params: float, flops: float
) -> None:
    names = arch.split()
    string = f"|{names[0]}~0|+|{names[1]}~0|{names[2]}~1|+|{names[3]}~0|{names[4]}~1|{names[5]}~2|"
    codes = np.array([from_string(string)])
    scale = published_scales(NB201)[run]
    for quantity, expected in (("params", params), ("flops", flops)):
        found = cost_by_formula(CostKey(quantity, run, 200), codes, NB201, scale)
        assert found[0] == pytest.approx(expected, abs=1e-9)


def test_only_what_differs_is_reported() -> None:
    key = CostKey("params", "cifar10", 200)
    codes = np.arange(5)
    right = cost_by_formula(key, codes, NB201, NB201.table_scale)
    table = TruthTable(
        "x", "", Source("-", "-"), codes, {TEST: np.full(5, 50.0)},
        measurements=Measurements(costs={key: right}),
        space=NB201,
    )  # fmt: skip
    assert formula_differences(table) == []
    wrong = right.copy()
    wrong[3] += 1e-6
    (line,) = formula_differences(replace(table, measurements=Measurements(costs={key: wrong})))
    assert line.startswith("params_cifar10_200: 1 of 5 differ from the formula")


@pytest.mark.parametrize(
    ("measured", "message"),
    [
        (Measurements(losses={TEST: np.zeros(2)}), "loss of cifar10_test_200 must have one"),
        (
            Measurements(deviations={AccuracyKey("cifar10", "test", 12): np.zeros(3)}),
            "deviation of",
        ),
        (Measurements(costs={CostKey("flops", "cifar10", 12): np.array([1, -1, 1])}), "0 or more"),
        (
            Measurements(agreement={AccuracyKey("cifar10", "test", 12): Agreement(1, 1, rho=1)}),
            "agreement",
        ),
        (
            Measurements(by_seed={TEST: BySeed((0, 1), np.zeros((3, 1)), np.zeros((3, 2)))}),
            "by seed of cifar10_test_200 must hold a number for each of the 3 arch.* and 2 seeds",
        ),
        (
            Measurements(by_seed={TEST: BySeed((1, 0), np.zeros((3, 2)), np.zeros((3, 2)))}),
            "must have seeds, ascending and each once",
        ),
        (
            Measurements(by_seed={TEST: BySeed((0,), np.full((3, 1), 101), np.zeros((3, 1)))}),
            "must hold percentages",
        ),
    ],
)
def test_measurements_must_fit(measured: Measurements, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TruthTable(
            "x",
            "",
            Source("-", "-"),
            np.arange(3),
            {TEST: np.zeros(3)},
            measurements=measured,
            space=NB201,
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda block: block.update(arch_str="|x|"), "architecture 7 that is wrong"),
        (lambda block: block.update(all_results="/etc/passwd"), "architecture 7 whose record"),
        (
            lambda block: block["all_results"].update({("cifar10", 777): "/etc/passwd"}),
            "no diction",
        ),
        (
            lambda block: block["dataset_seed"].update(cifar10=[777, 777]),
            "no list of distinct seeds",
        ),
        (lambda block: block["dataset_seed"].update(cifar10=[5]), "whose record is not"),
        (
            lambda block: block["all_results"]["cifar10", 777].update(epochs=90),
            "was not trained for 200 epochs",
        ),
        (lambda block: block["all_results"]["cifar10", 777].update(params="5"), "is a str, not a"),
        (
            lambda block: block["all_results"]["cifar10", 777]["eval_acc1es"].update(
                {"ori-test@199": float("nan")}
            ),
            "cifar10_test_200 is nan: it must be a percentage",
        ),
    ],
)
def test_a_record_of_another_kind_is_refused(
    small_records: dict[int, Any], change: Any, message: str
) -> None:
    import pickle

    record = pickle.loads(pickle.dumps(small_records[0]))
    change(record[200])
    with pytest.raises(InputError, match=message) as caught:
        read_record(7, record)
    assert "\n" not in str(caught.value)


def test_curves_are_found_by_name_and_architecture() -> None:
    percent = np.linspace([10, 20], [80, 90], 12, axis=1, dtype=np.float32)
    curves = LearningCurves(
        "x", Source("-", "-"), np.array([3, 7]), {"cifar10_test_12": percent}, space=NB201
    )
    np.testing.assert_allclose(curves.curve("cifar10_test_12", 7), percent[1])
    with pytest.raises(MissingError, match="have no cifar10_test_200: they have cifar10_test_12"):
        curves.curve("cifar10_test_200", 7)
    for absent in (5, 9):
        with pytest.raises(MissingError, match=r"curves of 'x' have no \|none"):
            curves.curve("cifar10_test_12", absent)
    with pytest.raises(InputError, match="must have a row for each code"):
        LearningCurves("x", Source("-", "-"), np.array([3]), {"a": percent}, space=NB201)
    with pytest.raises(InputError, match="codes must be ascending"):
        LearningCurves("x", Source("-", "-"), np.array([7, 3]), {"a": percent}, space=NB201)
