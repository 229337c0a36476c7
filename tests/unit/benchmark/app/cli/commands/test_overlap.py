"""A warning is printed if runs saw images that their truth was measured on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import load_protocol
from benchmark.truth import AccuracyKey, Source, TruthTable
from benchmark.truth.files.nbtable import write_table
from tests.command_line import Called, nasbench

NB201 = open_space("nb201")

LEAK = "4 of the images that score are among the truth's test images"


def built_table(folder: Path, dataset: str = "digits", **changes: int) -> Path:
    """Write a table of invented accuracies that says it was built by a protocol."""
    text = load_protocol(f"nb201-{dataset}").changed(
        {f"data.{name}": value for name, value in changes.items()}
    )
    percents = np.random.default_rng(0).uniform(10, 95, SIZE)
    table = TruthTable(
        "built", "made up", Source("-", "0" * 64), np.arange(SIZE),
        {AccuracyKey(dataset, "test", 4): percents}, protocol={"protocol": text.describe()},
        space=NB201,
    )  # fmt: skip
    path = folder / "built.nbtable"
    write_table(table, path)
    return path


@pytest.fixture(scope="module")
def judge(preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Called]:
    """Return a function that judges one run by a table."""
    folder = tmp_path_factory.mktemp("runs")

    def run(table: Path, dataset: str = "digits") -> Called:
        called = nasbench(
            *("run", "--method", "one-shot", "--seeds", "1", "--jobs", "1"),
            *("--preset", preset, "--out", folder),
            *("--table", table, "--accuracy", f"{dataset}_test_4"),
        )
        assert called.code == 0, called.err
        return called

    run(built_table(tmp_path_factory.mktemp("first")))
    return run


def caption(called: Called) -> str:
    """Return the Markdown that a call wrote."""
    return (folder_of(called) / "one-shot.md").read_text("utf-8")


def folder_of(called: Called) -> Path:
    """Return the folder that a call wrote to."""
    return Path(called.out.partition("Files in ")[2].partition(":\n")[0])


def test_scoring_by_test_images_is_warned_of(judge: Callable[..., Called], tmp_path: Path) -> None:
    table = built_table(tmp_path, validation_images=597)
    called = judge(table)
    found, warning = called.err.splitlines()
    assert found.startswith("1 of 1 runs were found")
    assert warning.startswith(f"warning: {LEAK}: ")
    assert f"Warning: {LEAK}.  \n" in caption(called)
    reported = nasbench(
        *("report", folder_of(called), "--table", table, "--accuracy", "digits_test_4"),
        *("--out", tmp_path),
    )
    assert f"{warning}\n" in reported.err
    assert LEAK in (tmp_path / "tables" / "quality.md").read_text("utf-8")


def test_scoring_by_other_images_is_no_matter(judge: Callable[..., Called], tmp_path: Path) -> None:
    called = judge(built_table(tmp_path))
    assert "warning" not in called.err
    assert "are among the truth's" not in caption(called)
    assert "The runs saw" not in caption(called)


def test_other_data_sets_are_named(judge: Callable[..., Called], tmp_path: Path) -> None:
    called = judge(built_table(tmp_path, "fashion-mnist"), "fashion-mnist")
    assert "warning" not in called.err
    text = "The runs saw images of digits, the table's architectures those of Fashion-MNIST."
    assert text in caption(called)
