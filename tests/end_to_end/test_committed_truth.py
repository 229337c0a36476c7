"""The committed truth on Fashion-MNIST: large and reliable enough, and training gives it again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from benchmark.app.building import chosen_architectures
from benchmark.spaces.nb201 import network_codes, to_string
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import load_protocol
from benchmark.truth import AccuracyKey, TruthTable, open_table
from tests.command_line import ROOT, nasbench

NB201 = open_space("nb201")
FOLDER = ROOT / "results" / "fashion-verdict" / "truth"
PATH = FOLDER / "fashion-truth.nbtable"
KEY = AccuracyKey("fashion-mnist", "test", 2)
SEEDS = (0, 1, 2)
IMAGES = Path("/usr/share/datasets/fashion-mnist")  # of Debian's package


@pytest.fixture(scope="module")
def truth() -> TruthTable:
    return open_table(str(PATH), allow_subset=True)


def first_of_networks(truth: TruthTable) -> NDArray[np.intp]:
    """Return a row for each different network."""
    return np.unique(network_codes(truth.codes), return_index=True)[1]


def mean_over_pairs(single: NDArray[np.float64], correlation: Callable[..., Any]) -> float:
    """Return a correlation of two seeds, shape [rows, seeds], the mean over pairs of them."""
    pairs = combinations(single.T, 2)
    return float(np.mean([correlation(one, other).statistic for one, other in pairs]))


def spearman_brown(single: float) -> float:
    """Return the reliability of the mean of all seeds from that of one."""
    return len(SEEDS) * single / (1 + (len(SEEDS) - 1) * single)


def test_it_is_the_first_thousand_of_the_order_at_three_seeds(truth: TruthTable) -> None:
    assert truth.codes.tolist() == sorted(chosen_architectures("1000", NB201).tolist())
    assert len(np.unique(network_codes(truth.codes))) == 563
    assert set(truth.seeds[KEY].tolist()) == {len(SEEDS)}
    assert truth.measurements.by_seed[KEY].seeds == SEEDS
    assert truth.protocol is not None
    assert truth.protocol["protocol"] == load_protocol("nb201-fashion-mnist").describe()


def test_its_mean_is_reliable(truth: TruthTable) -> None:
    """Of k seeds by Spearman–Brown, from SciPy's correlations, and of different networks alone."""
    single = truth.measurements.by_seed[KEY].accuracies
    np.testing.assert_allclose(single.mean(1), truth.accuracy(KEY))
    for rows in (slice(None), first_of_networks(truth)):
        assert spearman_brown(mean_over_pairs(single[rows], spearmanr)) >= 0.75


def test_it_follows_from_its_trainings() -> None:
    called = nasbench("tables", "verify", PATH, "--source", FOLDER / "trained.jsonl")
    assert called.code == 0, called.out + called.err


def test_its_readme_says_how_reliable_it_is(truth: TruthTable) -> None:
    """The formulas of docs/tables.md, from SciPy's correlations."""
    readme = (FOLDER / "README.md").read_text("utf-8")
    single = truth.measurements.by_seed[KEY].accuracies
    tau, rho = (mean_over_pairs(single, one) for one in (kendalltau, spearmanr))
    single_r = np.sin(np.pi * tau / 2)
    ceiling = 2 / np.pi * np.arcsin(np.sqrt(spearman_brown(single_r)))
    valid = truth.accuracy(AccuracyKey("fashion-mnist", "valid", 2))
    between = kendalltau(valid, truth.accuracy(KEY)).statistic
    for number in (tau, rho, spearman_brown(rho), ceiling, between):
        assert f"| {number:.3f} |" in readme
    of_networks = mean_over_pairs(single[first_of_networks(truth)], spearmanr)
    assert f"| {of_networks:.3f}, {spearman_brown(of_networks):.3f} |" in readme


def test_its_readme_says_how_it_ranks_beside_the_official_table(
    truth: TruthTable, shared: Path
) -> None:
    official = pd.read_csv(shared / "nas-bench-201" / "accuracies.csv").set_index("arch")
    theirs = official.loc[[to_string(int(code)) for code in truth.codes], "cifar10_test_200"]
    tau = float(kendalltau(truth.accuracy(KEY), theirs).statistic)
    assert f"{tau:.3f}" in (FOLDER / "README.md").read_text("utf-8")


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@pytest.mark.skipif(not IMAGES.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_training_five_of_it_again_gives_the_same() -> None:
    """To the last bit on the machine type that made it, on others within what seeds differ by."""
    called = nasbench("tables", "rerun", PATH, "--sample", "5", "--seed", "1")
    assert called.code == 0, called.out + called.err
