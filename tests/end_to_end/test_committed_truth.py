"""The committed truth on Fashion-MNIST: large enough, reliable enough, and it comes out again."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, spearmanr

from benchmark.building import chosen_architectures
from benchmark.protocol import load_protocol
from benchmark.space import network_codes, to_string
from benchmark.tables import AccuracyKey, TruthTable, open_table
from tests.command_line import ROOT, nasbench

FOLDER = ROOT / "results" / "fashion-verdict" / "truth"
PATH = FOLDER / "fashion-truth.nbtable"
KEY = AccuracyKey("fashion-mnist", "test", 2)
SEEDS = (0, 1, 2)
IMAGES = Path("/usr/share/datasets/fashion-mnist")  # of Debian's package


@pytest.fixture(scope="module")
def truth() -> TruthTable:
    return open_table(str(PATH), allow_subset=True)


def test_it_is_the_first_thousand_of_the_order_at_three_seeds(truth: TruthTable) -> None:
    assert truth.codes.tolist() == sorted(chosen_architectures("1000").tolist())
    assert len(np.unique(network_codes(truth.codes))) == 563
    assert set(truth.seeds[KEY].tolist()) == {len(SEEDS)}
    assert truth.measurements.by_seed[KEY].seeds == SEEDS
    assert truth.protocol is not None
    assert truth.protocol["protocol"] == load_protocol("fashion-mnist").describe()


def test_its_mean_is_reliable(truth: TruthTable) -> None:
    """Of k seeds by Spearman–Brown, from SciPy's correlations, and of different networks alone."""
    single = truth.measurements.by_seed[KEY].accuracies
    np.testing.assert_allclose(single.mean(1), truth.accuracy(KEY))
    _, first = np.unique(network_codes(truth.codes), return_index=True)
    for rows in (slice(None), first):
        pairs = [single[rows][:, pair] for pair in map(list, combinations(range(len(SEEDS)), 2))]
        rho = float(np.mean([spearmanr(pair).statistic for pair in pairs]))
        assert len(SEEDS) * rho / (1 + (len(SEEDS) - 1) * rho) >= 0.75


def test_it_follows_from_its_trainings() -> None:
    called = nasbench("tables", "verify", PATH, "--source", FOLDER / "trained.jsonl")
    assert called.code == 0, called.out + called.err


def test_its_readme_tells_how_it_ranks_beside_the_official_table(
    truth: TruthTable, shared: Path
) -> None:
    official = pd.read_csv(shared / "nas-bench-201" / "accuracies.csv").set_index("arch")
    theirs = official.loc[[to_string(int(code)) for code in truth.codes], "cifar10_test_200"]
    tau = float(kendalltau(truth.accuracy(KEY), theirs).statistic)
    assert f"{tau:.3f}" in (FOLDER / "README.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.skipif(not IMAGES.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_five_of_it_come_out_again() -> None:
    """To the last bit on the machine type that made it, elsewhere within what seeds differ by."""
    called = nasbench("tables", "rerun", PATH, "--sample", "5", "--seed", "1")
    assert called.code == 0, called.out + called.err
