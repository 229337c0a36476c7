from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.budget import Budget, Ledger
from benchmark.records import RunRecord
from benchmark.spaces.nb201 import SIZE

MakeRecord = Callable[..., RunRecord]


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    """Return a function that makes a record; what it is given replaces its parts."""

    def make(**parts: Any) -> RunRecord:
        usual: dict[str, Any] = {
            "method": "gm",
            "seed": 3,
            "task": {"preset": "ci", "space": "nb201", "network": {"channels": 4, "cells": 1}},
            "scores": np.linspace(-2.5, 0, SIZE),
            "budget": Ledger(Budget(100)).to_dict(),
            "trace": {"distances": [[0.0, 0.5], [0.5, 0.0]], "note": "τ", "restart": None},
            "provenance": {"device": "cpu", "dirty": False},
        }
        return RunRecord(**usual | parts)

    return make
