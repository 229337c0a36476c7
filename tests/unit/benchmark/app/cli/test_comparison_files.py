"""What a run prints and writes; scipy gives the same numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, spearmanr

from benchmark.records import read_records
from tests.command_line import Called, nasbench

METHODS = ("random", "params", "flops")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results") / "out"


@pytest.fixture(scope="module")
def called(folder: Path, preset: Path, accuracies: Path) -> Called:
    methods = [word for method in METHODS for word in ("--method", method)]
    return nasbench(
        *("run", *methods, "--seeds", "3,7", "--jobs", "1"),
        *("--preset", preset, "--table", accuracies, "--accuracy", "cifar100_valid_12"),
        *("--out", folder),
    )


@pytest.fixture(scope="module")
def summary(called: Called, folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "random-params-flops.csv", index_col="method")


def test_all_is_well(called: Called) -> None:
    assert (called.code, called.err) == (0, "")


def test_it_says_what_was_compared(called: Called) -> None:
    for text in ("table accuracies", "CIFAR-100", "300 of 15,625", "preset tiny", "3, 7"):
        assert text in called.out


def test_it_says_what_was_spent(called: Called) -> None:
    budget = called.out[called.out.index("\nBudget") :]
    for text in ("Shared training", "Gradient matching", "Leaf training", "Scored", "Spent"):
        assert text in budget
    for method in METHODS:
        assert re.search(rf"\n +{method} .* 600 +0 ", budget)


def test_the_files_it_names_are_all_there_is(called: Called, folder: Path) -> None:
    named = called.out.split(f"Files in {folder}:\n")[1].split()
    assert len(named) == len(set(named)) == 4 + 4  # a method without seeds runs once
    assert set(named) == {path.name for path in folder.iterdir()}
    assert "random-seed7.json" in named


def test_it_says_which_truth_was_used(called: Called) -> None:
    assert "Truth: cifar100_valid_12 of table accuracies, 15,625 architectures\n" in called.out


def test_the_csv_agrees_with_scipy(summary: pd.DataFrame, folder: Path, accuracies: Path) -> None:
    assert tuple(summary.index) == METHODS
    assert summary["runs"].tolist() == [2, 1, 1]
    records = read_records(folder)
    truth = pd.read_csv(accuracies)["cifar100_valid_12"].to_numpy()[records[0].codes]
    for method in METHODS:
        scores = [record.scores for record in records if record.method == method]
        taus = [kendalltau(one, truth).statistic for one in scores]
        rhos = [spearmanr(one, truth).statistic for one in scores]
        assert summary.loc[method, "kendall_tau_mean"] == pytest.approx(np.mean(taus), abs=1e-12)
        assert summary.loc[method, "spearman_rho_mean"] == pytest.approx(np.mean(rhos), abs=1e-12)
    best = [truth[int(one.scores.argmax())] for one in records if one.method == "random"]
    assert summary.loc["random", "predicted_best_mean"] == pytest.approx(np.mean(best))


def test_the_markdown_holds_the_same_means(
    called: Called, summary: pd.DataFrame, folder: Path
) -> None:
    text = (folder / "random-params-flops.md").read_text(encoding="utf-8")
    for method in METHODS:
        row = next(line for line in text.splitlines() if line.startswith(f"| {method}"))
        shown = next(line for line in called.out.splitlines() if line.startswith(f"  {method}"))
        for metric, decimals in (("kendall_tau", 3), ("spearman_rho", 3), ("predicted_best", 2)):
            mean = f"{summary[f'{metric}_mean'][method]:.{decimals}f}"
            assert mean in re.findall(r"[-0-9.]+", row)
            assert mean in re.findall(r"[-0-9.]+", shown)


def test_the_figure_is_a_png(called: Called, folder: Path) -> None:
    image = (folder / "random-params-flops.png").read_bytes()
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(image) > 10_000


def records(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Return the records and their times; the manifest tells of the last call."""
    found = folder.glob("*-seed*.json")
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def test_a_second_call_finds_everything(
    called: Called, folder: Path, preset: Path, accuracies: Path
) -> None:
    before = records(folder)
    again = nasbench(
        *("run", "--method", "random", "--seeds", "3,7", "--jobs", "1"),
        *("--preset", preset, "--table", accuracies, "--accuracy", "cifar100_valid_12"),
        *("--out", folder),
    )
    assert (again.code, again.err) == (0, f"2 of 2 runs were found in {folder}\n")
    assert records(folder) == before


def test_the_folder_is_named_after_the_preset_if_none_is_given(preset: Path) -> None:
    called = nasbench("run", "--method", "params", "--preset", preset, "--jobs", "1")
    assert called.code == 0
    assert "Files in runs/tiny:\n" in called.out
    assert sorted(path.name for path in Path("runs/tiny").iterdir()) == [
        "params-seed0.json",
        "params.csv",
        "params.manifest.json",
        "params.md",
        "params.png",
    ]


def test_each_change_of_a_preset_has_a_folder_of_its_own(preset: Path) -> None:
    folders = set()
    for change in ("training.budget=604", "training.budget=608"):
        called = nasbench(
            *("run", "--method", "params", "--preset", preset, "--jobs", "1", "--set", change)
        )
        assert called.code == 0, called.err
        (line,) = re.findall(r"^Files in (runs/tiny-\w+):$", called.out, flags=re.MULTILINE)
        assert (Path(line) / "params-seed0.json").is_file()
        folders.add(line)
    assert len(folders) == 2
