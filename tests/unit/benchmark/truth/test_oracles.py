"""Imported tables hold what the official packages answer."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.spaces.nb201 import from_string
from benchmark.truth.curves import read_curves
from benchmark.truth.files.nbtable import read_table
from benchmark.truth.importing import import_table
from benchmark.truth.keys import QUANTITIES, RUNS, AccuracyKey, CostKey
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.table import TruthTable

KEYS = [
    AccuracyKey(dataset, split, epochs)
    for dataset in ("cifar10", "cifar100", "imagenet16-120")
    for split in ("valid", "test")
    for epochs in (12, 200)
]
THEIR_RUN = {"imagenet16-120": "ImageNet16-120"}
THEIR_COST = {
    "seconds": "T-train@epoch",
    "latency": "latency",
    "params": "params",
    "flops": "flops",
}


def nas_bench_201(path: Path) -> Any:
    """Return the package's view of a file, which its own loader cannot open any more."""
    from nas_201_api import NASBench201API

    with path.open("rb") as file:
        for _ in range(3):
            pickle.load(file)
        return NASBench201API(pickle.load(file), verbose=False)


def nats_bench(path: Path) -> Any:
    """Return the other package's view of a folder."""
    package = pytest.importorskip("nats_bench")
    return package.create(str(path), "tss", fast_mode=True, verbose=False)


def assert_same(table: TruthTable, api: Any, indices: list[int], tolerance: float) -> None:
    """Compare every number of some architectures, with the mean over seeds of a package."""
    assert table.official_index is not None
    assert list(table.keys) == sorted(KEYS)
    assert sorted(table.measurements.costs) == sorted(
        CostKey(quantity, run, epochs)
        for quantity in QUANTITIES
        for run in RUNS
        for epochs in (12, 200)
    )
    for index in indices:
        (row,) = np.flatnonzero(table.official_index == index)
        assert table.codes[row] == from_string(api.arch(index))
        for key in KEYS:
            run = THEIR_RUN.get(key.run, key.run)
            info = api.get_more_info(index, run, hp=str(key.epochs), is_random=False)
            trials = api.query_by_index(index, run, hp=str(key.epochs))
            values = [
                api.get_more_info(index, run, hp=str(key.epochs), is_random=seed)[
                    f"{key.split}-accuracy"
                ]
                for seed in trials
            ]
            spread = np.std(values, ddof=1) if len(values) > 1 else np.nan
            for found, expected in (
                (table.accuracies[key][row], info[f"{key.split}-accuracy"]),
                (table.measurements.losses[key][row], info[f"{key.split}-loss"]),
                (table.measurements.deviations[key][row], spread),
            ):
                np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-12)
            assert table.seeds[key][row] == len(trials)
        for cost, column in table.measurements.costs.items():
            run = THEIR_RUN.get(cost.run, cost.run)
            expected = api.get_cost_info(index, run, hp=str(cost.epochs))
            np.testing.assert_allclose(
                column[row], expected[THEIR_COST[cost.quantity]], rtol=1e-12, err_msg=str(cost)
            )


def assert_same_curves(path: Path, api: Any, indices: list[int]) -> None:
    curves = read_curves(path)
    assert len(curves.columns) == 12
    for index in indices:
        for name, run, where in (
            ("cifar10_valid_200", "cifar10-valid", "x-valid"),
            ("cifar10_test_12", "cifar10", "ori-test"),
            ("imagenet16_valid+test_200", "ImageNet16-120", "ori-test"),
        ):
            results = api.query_meta_info_by_index(index, hp=name.rpartition("_")[2])
            epochs = results.get_total_epoch(run)
            expected = [
                results.get_metrics(run, where, iepoch=epoch)["accuracy"] for epoch in range(epochs)
            ]
            found = curves.curve(name, api.arch(index))
            np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_pth_file(tmp_path: Path, cache: Path, records: dict[int, Any], write_pth: Any) -> None:
    write_pth(tmp_path / "a.pth", records)
    done = import_table(tmp_path / "a.pth", ImportOptions(curves=True))
    assert done.curves is not None
    api = nas_bench_201(tmp_path / "a.pth")
    assert_same(read_table(done.path), api, list(records), 0)
    assert_same_curves(done.curves, api, list(records))


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_a_nats_folder(
    tmp_path: Path, cache: Path, records: dict[int, Any], write_nats: Any, jobs: int
) -> None:
    write_nats(tmp_path / "nats", records)
    done = import_table(tmp_path / "nats", ImportOptions(curves=True, jobs=jobs))
    assert done.curves is not None
    api = nats_bench(tmp_path / "nats")
    assert_same(read_table(done.path), api, list(records), 1e-14)
    assert_same_curves(done.curves, api, list(records))


@pytest.mark.nightly
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("kind", ["pth", "nats"])
def test_files_of_the_real_structure(
    tmp_path: Path, cache: Path, shared: Path, kind: str, uneven: bool
) -> None:
    path = tmp_path / ("a.pth" if kind == "pth" else "nats")
    tool = shared / "tools" / "make_nb201.py"
    options = ["--archs", "15", *(["--uneven"] if uneven else [])]
    subprocess.run([sys.executable, str(tool), kind, str(path), *options], check=True)
    done = import_table(path, ImportOptions(curves=True))
    assert done.curves is not None
    api = nas_bench_201(path) if kind == "pth" else nats_bench(path)
    assert_same(read_table(done.path), api, list(range(15)), 1e-14)
    assert_same_curves(done.curves, api, list(range(0, 15, 7)))


@pytest.mark.nightly
def test_the_final_accuracies_are_those_of_the_official_list(
    tmp_path: Path, cache: Path, shared: Path
) -> None:
    tool, path = shared / "tools" / "make_nb201.py", tmp_path / "a.pth"
    subprocess.run([sys.executable, str(tool), "pth", str(path), "--archs", "60"], check=True)
    found = import_table(path).table
    official = import_table(shared / "nas-bench-201" / "accuracies.csv").table
    for key in official.keys:
        expected = official.accuracy(key, found.codes)
        np.testing.assert_allclose(found.accuracy(key), expected, rtol=1e-12)
