"""Runs that are judged by images they have seen are said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.protocol import load_protocol
from benchmark.space import SIZE
from benchmark.tables import AccuracyKey, Source, TruthTable
from benchmark.tables.file import write_table
from tests.command_line import nasbench

LEAK = "4 of the images that score are among the truth's test images"


def built_table(folder: Path, dataset: str = "digits", **changes: int) -> Path:
    """Write a table of invented accuracies that says it was built by a protocol."""
    told = load_protocol(dataset).changed(
        {f"data.{name}": value for name, value in changes.items()}
    )
    percents = np.random.default_rng(0).uniform(10, 95, SIZE)
    table = TruthTable(
        "built", "made up", Source("-", "0" * 64), np.arange(SIZE),
        {AccuracyKey(dataset, "test", 4): percents}, protocol={"protocol": told.describe()},
    )  # fmt: skip
    path = folder / "built.nbtable"
    write_table(table, path)
    return path


def run(preset: Path, folder: Path, table: Path, dataset: str = "digits") -> tuple[str, str]:
    what = ["--table", str(table), "--accuracy", f"{dataset}_test_4"]
    called = nasbench(
        *("run", "--method", "one-shot", "--seeds", "1", "--jobs", "1", *what),
        *("--preset", preset, "--out", folder),
    )
    assert called.code == 0, called.err
    reported = nasbench("report", folder, *what)
    assert reported.code == 0, reported.err
    caption = (folder / "report" / "tables" / "quality.md").read_text("utf-8")
    markdown = (folder / "one-shot.md").read_text("utf-8")
    for text in (caption, markdown):
        assert (LEAK in text) is (LEAK in called.err) is (LEAK in reported.err)
    return called.err, markdown


@pytest.mark.parametrize("images", [597, 469])
def test_scoring_by_test_images_is_told(preset: Path, tmp_path: Path, images: int) -> None:
    table = built_table(tmp_path, validation_images=images)
    warnings, text = run(preset, tmp_path / "runs", table)
    assert len(warnings.splitlines()) == (images == 597)
    assert (f"warning: {LEAK}: " in warnings) is (images == 597)
    assert "The runs saw" not in text


def test_other_images_are_told(preset: Path, tmp_path: Path) -> None:
    table = built_table(tmp_path, "fashion-mnist")
    warnings, text = run(preset, tmp_path / "runs", table, "fashion-mnist")
    assert warnings == ""
    assert (
        "The runs saw images of digits, the table's architectures those of Fashion-MNIST." in text
    )
