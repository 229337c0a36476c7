"""What the tests of figures share: a panel of noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.figures import Panel
from benchmark.truth import AccuracyKey


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """Return a function that makes a panel; its first twenty architectures are disconnected."""

    def make(method: str = "gm", size: int = 500, **changes: Any) -> Panel:
        generator = np.random.default_rng(size)
        truth = generator.uniform(60, 95, size)
        truth[:20] = 10
        scores = truth + generator.normal(0, 5, size)
        key = AccuracyKey("cifar10", "test", 200)
        panel = Panel(method, 0, scores, truth, np.arange(size) >= 20, 0.5, key)
        return panel._replace(**changes)

    return make
