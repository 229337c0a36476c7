"""The main job as users run it: its time with one worker and two, its profile, its memory."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from benchmark.app.building.journal import read_journal
from benchmark.records import read_record
from tests.speed.measuring import against_goal, shown
from tests.speed.page import Section
from tests.speed.scales import Effort

GOAL = 120  # seconds
RATIO = 1.8  # of one job's time to two jobs'
SEEDS = 5
BUILT = 24  # architectures
BUILDS = 3
CALL = "from benchmark.app.cli import main; main()"
LINES = 14  # of the profile


def jobs(effort: Effort) -> Section:
    """Time ``nasbench run --method gm`` with one job and two, and compare their records."""
    rows = []
    for seeds in (SEEDS, SEEDS - 1) if effort.whole_space else (2,):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            one = _run(seeds, 1, folder / "one", effort)
            two = _run(seeds, 2, folder / "two", effort)
            same = _scores(folder / "one") == _scores(folder / "two")
        rows.append(
            [
                str(seeds),
                shown(one),
                shown(two),
                f"{one / two:.2f}",
                against_goal(one / two, RATIO),
                f"{math.log2(two / one):.2f}",
                "equal" if same else "DIFFERENT",
            ]
        )
    notes = [
        f"Wall clock. The goal for {SEEDS} seeds is {GOAL} s with one worker a core.",
        "A unit, a method at a seed, runs on one thread so that its bits are the same whatever "
        "runs beside it. Of an odd number the last three take turns on the two workers, so that "
        "neither idles at the end.",
    ]
    header = ["seeds", "--jobs 1", "--jobs 2", "ratio", "goal", "exponent over jobs", "bits"]
    return Section("The main job, `nasbench run --method gm`", header, rows, notes)


def building(effort: Effort) -> Section:
    """Time ``nasbench tables build`` with one job and two, alternately, and compare results."""
    architectures, seeds = (BUILT, 2) if effort.whole_space else (4, 1)
    taken: list[list[float]] = [[], []]
    same = True
    for _ in range(min(effort.rounds, BUILDS)):
        with tempfile.TemporaryDirectory() as name:
            folders = [Path(name) / "one", Path(name) / "two"]
            for jobs, folder in enumerate(folders, 1):
                taken[jobs - 1].append(_build(architectures, seeds, jobs, folder))
            one, two = map(read_journal, folders)
            same = same and one.trained.keys() == two.trained.keys()
            same = same and all(one.agrees(*found) for found in two.trained.items())
    alone, together = (statistics.median(times) for times in taken)
    row = [
        f"{len(one.trained)}",
        shown(alone),
        shown(together),
        f"{alone / together:.2f}",
        against_goal(alone / together, RATIO),
        "equal" if same else "DIFFERENT",
    ]
    header = ["trainings", "--jobs 1", "--jobs 2", "ratio", "goal", "bits"]
    note = "Wall clock with all that a command does beside training, median of alternating builds."
    return Section("A truth table of one's own, `nasbench tables build`", header, [row], [note])


def where_time_goes(effort: Effort) -> Section:
    """Profile one unit of the main job, with fewer steps to keep the profile in memory."""
    from benchmark.app.running.runner import run_units
    from benchmark.tasks.task import load_preset

    preset, part = ("laptop", 8) if effort.whole_space else ("ci", 4)
    task = load_preset(preset)
    assert task.budget is not None
    fewer = {"training.budget": task.budget.images // part, "methods.gm.batches": 1}
    task = task.changed(fewer if effort.whole_space else fewer | {"scoring.candidates": 100})
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        with profile(activities=[ProfilerActivity.CPU], acc_events=True) as seen:
            run_units(task, ["gm"], [0], Path(name))
        spent = sorted(seen.key_averages(), key=lambda one: one.self_cpu_time_total, reverse=True)
    total = sum(one.self_cpu_time_total for one in spent)
    rows = [
        [
            f"`{one.key}`",
            f"{100 * one.self_cpu_time_total / total:.1f}%",
            shown(one.self_cpu_time_total / 1e6),
            f"{one.count:,}",
        ]
        for one in spent[:LINES]
    ]
    note = (
        "torch.profiler, one seed of `gm`, itself slowed down by being watched. It has "
        f"1/{part} of its budget here, one batch to match gradients on, and scores the whole "
        "space, so scoring weighs more than it does."
    )
    header = ["operation", "share", "time in it alone", "calls"]
    return Section("Where the main job's time goes", header, rows, [note])


def _build(architectures: int, seeds: int, jobs: int, out: Path) -> float:
    arguments = ["--architectures", str(architectures), "--seeds", str(seeds), "--jobs", str(jobs)]
    return _timed("tables", "build", "--dataset", "digits", *arguments, "--out", str(out))


def _run(seeds: int, jobs: int, out: Path, effort: Effort) -> float:
    preset = "laptop" if effort.whole_space else "ci"
    arguments = ["--method", "gm", "--seeds", str(seeds), "--jobs", str(jobs), "--preset", preset]
    return _timed("run", *arguments, "--out", str(out))


def _timed(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", CALL, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def _scores(folder: Path) -> dict[str, bytes]:
    paths = sorted(folder.glob("gm-seed*.json"))
    return {path.name: read_record(path).scores.tobytes() for path in paths}


def start_up(effort: Effort) -> Section:
    """Time commands that need no heavy imports."""
    rows = []
    for arguments, goal in ((["--help"], 0.3), (["list", "methods"], 0.5)):
        middle = statistics.median(_timed(*arguments) for _ in range(effort.rounds))
        rows.append([f"`nasbench {' '.join(arguments)}`", shown(middle), f"{goal} s"])
    return Section("Start-up", ["command", "wall clock", "goal"], rows)


MEMORY = """
import json, re, sys
from pathlib import Path
import torch
from tests.speed.comparisons import score_all
from tests.speed.scales import PAPERS, SMALL, Scale, both_networks, noise, some_codes
from benchmark.app.workers.reproducible import kept_memory
from benchmark.spaces.nb201.complexity import NetworkScale
torch.set_num_threads(1)
laptop = Scale("laptop", NetworkScale(8, 1, 8, input_channels=1), 128)
scale = {"laptop": laptop, "small": SMALL, "papers": PAPERS}[sys.argv[1]]
_, network = both_networks(scale.network)
def most():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
before = most()
with kept_memory():  # as in a worker
    score_all(network, some_codes(int(sys.argv[2])), noise(scale.network, scale.images))
print(json.dumps([before, most()]))
"""


def memory(effort: Effort) -> Section:
    """Measure the peak memory of scoring, in a process of its own."""
    rows = []
    for scale, count, goal in (("laptop", 2000, 2), ("small", 500, 2), ("papers", 10, 12)):
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, scale, str(max(2, effort.of(count)))],
            check=True,
            capture_output=True,
            text=True,
        )
        before, after = json.loads(done.stdout)
        cells = [scale, f"{before / 1024:.0f} MB", f"{after / 1024:.0f} MB", f"{goal} GB"]
        rows.append(cells)
    header = ["scale", "before scoring", "at most", "goal"]
    note = "Resident memory of the process, PyTorch's libraries included."
    return Section("Memory of scoring", header, rows, [note])
