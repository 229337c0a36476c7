from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.spaces.nb201 import SIZE, to_string
from tests.command_line import tiny_preset


@pytest.fixture(scope="session")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a tiny preset."""
    return tiny_preset(tmp_path_factory.mktemp("preset"))


@pytest.fixture(scope="session")
def accuracies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a CSV file of invented accuracies, on lines 2 to 15,626 in the order of codes."""
    percents = np.random.default_rng(0).uniform(10, 95, (SIZE, 2)).round(2).tolist()
    lines = [f"{to_string(code)},{one},{other}" for code, (one, other) in enumerate(percents)]
    path = tmp_path_factory.mktemp("table") / "accuracies.csv"
    path.write_text("arch,cifar10_test_200,cifar100_valid_12\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test writes out of the project."""
    monkeypatch.chdir(tmp_path)
