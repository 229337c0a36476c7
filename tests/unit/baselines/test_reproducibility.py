"""Two processes give the same bits, and no method reads the truth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from baselines.registry import METHODS
from tests.unit.baselines.conformance import cached_run, digest

ROOT = Path(__file__).resolve().parents[3]

# Runs every method in a fresh process and lists the modules that were loaded.
PROGRAM = """
import json, sys, torch
torch.set_num_threads(1)
from baselines.registry import METHODS
from tests.unit.baselines.conformance import digest, run
digests = {name: digest(run(method.load())) for name, method in METHODS.items()}
print(json.dumps({"digests": digests, "modules": sorted(sys.modules)}))
"""


def test_another_process_gives_the_same_bits_without_reading_the_truth() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    here = {name: digest(cached_run(method.load())) for name, method in METHODS.items()}
    assert found["digests"] == here
    forbidden = ("benchmark.truth", "analysis")
    assert [name for name in found["modules"] if name.startswith(forbidden)] == []
