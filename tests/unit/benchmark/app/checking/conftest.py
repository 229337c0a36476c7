from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.spaces.nb201 import SIZE, to_string
from tests.command_line import nasbench, tiny_preset

METHODS = ("one-shot", "few-shot", "gm", "random", "params")


@pytest.fixture(scope="session")
def accuracies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a CSV file of invented accuracies."""
    percents = np.random.default_rng(0).uniform(10, 95, SIZE).round(2).tolist()
    lines = [f"{to_string(code)},{percent}" for code, percent in enumerate(percents)]
    path = tmp_path_factory.mktemp("table") / "invented.csv"
    path.write_text("arch,cifar10_test_200\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory, accuracies: Path) -> Path:
    """Return a folder of five methods at two seeds, as the command line leaves it."""
    folder = tmp_path_factory.mktemp("honest") / "runs"
    preset = tiny_preset(tmp_path_factory.mktemp("preset"))
    methods = [word for method in METHODS for word in ("--method", method)]
    called = nasbench(
        *("compare", *methods, "--seeds", "2", "--jobs", "1"),
        *("--preset", preset, "--table", accuracies, "--out", folder),
    )
    assert called.code == 0, called.err
    return folder


@pytest.fixture
def runs(honest: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder to change."""
    return Path(shutil.copytree(honest, tmp_path / "runs"))


@pytest.fixture
def make_preset(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a tiny preset with changes."""

    def make(**changes: str) -> Path:
        return tiny_preset(tmp_path, **changes)

    return make
