"""Files in the format of NAS-Bench-Macro, with numbers of chance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.spaces.registry import open_space

SPACE = open_space("macro")

Records = dict[str, dict[str, Any]]


def macro_records(count: int = 6_561) -> Records:
    """Return the records of the first architectures; equal networks have equal numbers."""
    codes = np.arange(count)
    drawn = np.random.default_rng(0).integers(4_000, 9_400, (SPACE.size, 3)) / 100
    accuracies = drawn[SPACE.canonical(codes)]
    params = SPACE.parameters(codes, SPACE.table_scale).tolist()
    flops = SPACE.multiply_adds(codes, SPACE.table_scale).tolist()
    return {
        SPACE.format(code): {
            "test_acc": accuracies[code].tolist(),
            "mean_acc": float(accuracies[code].mean()),
            "std": float(accuracies[code].std()),
            "params": params[code],
            "flops": flops[code],
        }
        for code in reversed(range(count))
    }


def write_macro(folder: Path, records: Records) -> Path:
    path = folder / "nas-bench-macro_cifar10.json"
    path.write_text(json.dumps(records))
    return path
