"""Calls the command line: in this process, which is quick, or in one of its own, as users do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from benchmark.app.cli import main
from benchmark.app.workers.stopping import SIGNALS

ROOT = Path(__file__).resolve().parents[1]
CALL_MAIN = "from benchmark.app.cli import main; main()"

SPLITTING = """\
warm_up = 0.2
between = 0.1
epochs = []
groups = [2, 2]
min_size = 2
batches = 1
restart = "never"
among = ["*"]
decision = "best"
decisions = []
weight = "hard"
cut = "exact"
stop_error = 0.0
"""

# Trains for 150 steps, so that a run of a method takes about a second.
TINY_PRESET = f"""\
description = "a few steps, for tests"
space = "nb201"

[data]
dataset = "digits"
resolution = 8
training_images = 1_200
validation_images = 597
noise = 0.8
noise_draws = 1
crop_padding = 1
flip = false

[network]
channels = 2
cells = 1

[training]
budget = 600
batch_size = 4
learning_rate = 0.025
final_learning_rate = 0.001
momentum = 0.9
weight_decay = 5e-4
gradient_norm = 5.0
label_smoothing = 0.0
precision = "float32"
compile = false

[scoring]
images = 4
score = "loss"
batch_norm = "validation"
memory = 256
candidates = 300

[search]
base = "rsps"
alpha_learning_rate = 3e-4
alpha_beta1 = 0.5
alpha_beta2 = 0.999
alpha_weight_decay = 1e-3
alpha_images = "apart"
temperature = 1.0
final_temperature = 0.1
drawn = 200

[selection]
by = "candidates"
evaluations = 20
population = 10
sample = 5

[trajectory]
points = 0
architectures = 10

[truth]
table = "analog-nasbench"
accuracy = "cifar10_test_200"

[methods.one-shot]
epochs = []

[methods.few-shot]
warm_up = 0.5
epochs = []
decisions = [0]

[methods.gm]
partition = "gradient"
{SPLITTING}
[methods.gm-random]
{SPLITTING}"""

NETWORKS = {  # sections of tiny networks
    "nb201": "channels = 2\ncells = 1",
    "macro": "stem = 2\nwidths = [2, 3, 4]\nstrides = [1, 2, 2]\nhead = 8",
    "darts": "channels = 2\ncells = 3",
    "mobilenet": """\
stem = 2
first = 2
widths = [2, 2, 3, 3, 4, 4]
head = 8
width_percent = 100
width_multiple = 1
stem_stride = 1
strides = [2, 1, 2, 1, 1, 1]""",
}


@dataclass(frozen=True)
class Called:
    """What a call left: its exit code and what it printed."""

    code: int
    out: str
    err: str


def nasbench(*arguments: str | Path) -> Called:
    """Call the command line in this process."""
    out, err = StringIO(), StringIO()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["nasbench", *map(str, arguments)])
        patch.setattr(
            "benchmark.app.workers.progress.LINE_EVERY", 3600
        )  # a slow machine prints no more
        with pytest.raises(SystemExit) as end:
            main()
    for number, handler in handlers.items():
        signal.signal(number, handler)  # they are pytest's again
    assert isinstance(end.value.code, int)
    return Called(end.value.code, out.getvalue(), err.getvalue())


def start_nasbench(
    *arguments: str | Path, code: str = CALL_MAIN, **environment: str
) -> subprocess.Popen[str]:
    """Start the command line as a process that leads a session, so that a signal can reach all."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def finish(process: subprocess.Popen[str], seconds: float = 240) -> Called:
    """Wait for a process to end; it has four minutes unless it is given more or less."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return Called(process.returncode, out, err)


def tiny_preset(folder: Path, space: str = "nb201", **changes: str) -> Path:
    """Write a tiny preset into a folder; ``changes`` give settings, wherever they are, new text."""
    whole = TINY_PRESET.replace('"nb201"', f'"{space}"')
    lines = whole.replace(NETWORKS["nb201"], NETWORKS[space]).splitlines()
    for name, text in changes.items():
        places = [place for place, line in enumerate(lines) if line.startswith(f"{name} = ")]
        assert places, f"no setting {name}"
        for place in places:
            lines[place] = f"{name} = {text}"
    path = folder / "tiny.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
