from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.registry import open_space
from tests.command_line import nasbench, tiny_preset

METHODS = ("one-shot", "gm", "random", "params")


@pytest.fixture(scope="session")
def accuracies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a CSV file of invented accuracies of the tiny preset's candidates."""
    space = open_space("nb201")
    codes = candidate_codes(300, space)
    percents = np.random.default_rng(0).uniform(10, 95, len(codes)).round(2)
    lines = [
        f"{space.format(int(code))},{percent}"
        for code, percent in zip(codes, percents, strict=True)
    ]
    path = tmp_path_factory.mktemp("table") / "invented.csv"
    path.write_text("arch,cifar10_test_200\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory, accuracies: Path) -> Path:
    """Return a folder of four methods at two seeds with trajectories, as `compare` leaves it."""
    folder = tmp_path_factory.mktemp("honest") / "runs"
    preset = tiny_preset(tmp_path_factory.mktemp("preset"), points="3", architectures="100")
    methods = [word for method in METHODS for word in ("--method", method)]
    truth = ("--table", accuracies, "--allow-subset")
    asked = ("--seeds", "2", "--jobs", "1", "--preset", preset)
    called = nasbench("compare", *methods, *asked, *truth, "--out", folder)
    assert called.code == 0, called.err
    return folder


@pytest.fixture
def runs(honest: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder to change."""
    return Path(shutil.copytree(honest, tmp_path / "runs"))
