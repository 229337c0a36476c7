"""A table is the same however it was trained: interrupted, by several processes, in shards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from benchmark.app.building import chosen_architectures
from benchmark.app.building.journal import JOURNAL
from benchmark.spaces.nb201 import network_codes, to_string
from benchmark.spaces.registry import open_space
from benchmark.truth.curves import read_curves
from benchmark.truth.files.nbtable import read_table
from tests.command_line import ROOT, nasbench, start_nasbench

NB201 = open_space("nb201")
TRAININGS = 36  # of 20 architectures at two seeds, two of which are the networks of others
TINY = {
    "data.noise_draws": "1",
    "network.channels": "2",
    "training.epochs": "1",
    "training.batch_size": "100",
}


def twenty(folder: Path) -> Path:
    """Write 20 architectures into a file, of which 18 are different networks."""
    drawn = chosen_architectures("all", NB201)
    networks = network_codes(drawn)
    _, first = np.unique(networks, return_index=True)
    different = drawn[sorted(first)[:18]]
    others = [code for code in drawn if code not in different]
    same = [code for code in others if network_codes(code) in network_codes(different)]
    path = folder / "twenty.txt"
    path.write_text("\n".join(to_string(int(code)) for code in [*different, *same[:2]]))
    return path


def arguments(folder: Path, *more: str) -> list[str]:
    changes = [part for name, value in TINY.items() for part in ("--set", f"{name}={value}")]
    folder.mkdir(exist_ok=True)
    what = ["--dataset", "digits", "--architectures", str(twenty(folder)), "--seeds", "2"]
    changes += ["--name", "tiny"]
    return ["tables", "build", *what, *changes, "--out", str(folder), *more]


def build(folder: Path, *more: str) -> None:
    called = nasbench(*arguments(folder, *more))
    assert called.code == 0, called.err


def contents(folder: Path) -> dict[str, bytes]:
    """Return all columns of a table and its curves but the time that trainings took."""
    table, curves = read_table(folder / "tiny.nbtable"), read_curves(folder / "tiny.nbcurves")
    measured = table.measurements
    groups: list[Mapping[Any, Any]] = [table.accuracies, table.seeds, measured.costs]
    groups += [measured.deviations, measured.losses]
    columns = {
        f"{number} {key}": np.asarray(column).tobytes()
        for number, group in enumerate(groups)
        for key, column in group.items()
        if "seconds" not in str(key)
    }
    curve = {f"curve {name}": column.tobytes() for name, column in curves.columns.items()}
    columns |= {
        f"by seed {key}": found.accuracies.tobytes() + found.losses.tobytes()
        for key, found in measured.by_seed.items()
    }
    texts = {
        "codes": table.codes.tobytes(),
        "agreement": repr(measured.agreement).encode(),
        "sum": table.source.sha256.encode(),
    }
    return columns | curve | texts


def trained(folder: Path) -> int:
    path = folder / JOURNAL
    return sum(b'"seed"' in line for line in path.read_bytes().split(b"\n")) if path.exists() else 0


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the table as one process trains it."""
    folder = tmp_path_factory.mktemp("whole")
    build(folder, "--jobs", "1")
    assert trained(folder) == TRAININGS
    return contents(folder)


@pytest.mark.parametrize(
    ("number", "jobs"),
    [
        (signal.SIGKILL, 1),
        pytest.param(signal.SIGINT, 2, marks=pytest.mark.nightly),
        pytest.param(signal.SIGTERM, 2, marks=pytest.mark.nightly),
    ],
)
def test_killed_and_resumed(
    number: signal.Signals, jobs: int, whole: dict[str, bytes], tmp_path: Path
) -> None:
    process = start_nasbench(*arguments(tmp_path, "--jobs", str(jobs)))
    wait_until(lambda: trained(tmp_path) >= 5)
    os.killpg(process.pid, number)  # a terminal sends it to all processes of a command
    _, errors = process.communicate(timeout=60)
    if number != signal.SIGKILL:
        word = "interrupted" if number == signal.SIGINT else "terminated"
        assert process.returncode == 128 + number
        assert errors.splitlines()[-1] == (
            f"nasbench: {word}; what is finished is kept, run the command again to go on"
        )
        assert "Traceback" not in errors
    done = trained(tmp_path)
    assert 5 <= done < TRAININGS
    called = nasbench(*arguments(tmp_path, "--jobs", "1"))
    assert f"{done} of {TRAININGS} trainings were found in {tmp_path}" in called.err
    assert contents(tmp_path) == whole


@pytest.mark.nightly
def test_two_processes(whole: dict[str, bytes], tmp_path: Path) -> None:
    build(tmp_path, "--jobs", "2")
    assert contents(tmp_path) == whole


def test_two_shares_merged(whole: dict[str, bytes], tmp_path: Path) -> None:
    shares = [tmp_path / "one", tmp_path / "two"]
    for place, share in enumerate(shares, 1):
        build(share, "--jobs", "1", "--shard", f"{place}/2")
    assert [trained(share) for share in shares] == [TRAININGS // 2, TRAININGS // 2]
    called = nasbench("merge", *map(str, shares), "--out", str(tmp_path / "all"))
    assert called.out == f"{tmp_path / 'all'}: {TRAININGS} trainings, {TRAININGS} of them new\n"
    build(tmp_path / "all", "--jobs", "1")
    assert trained(tmp_path / "all") == TRAININGS
    assert contents(tmp_path / "all") == whole


class Cluster(NamedTuple):
    """Processes of a cluster on this machine."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start a scheduler and two workers, without nannies that would start dead ones again."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def start(program: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--no-dashboard", *options]
        quiet = subprocess.DEVNULL
        there = {**os.environ, "PYTHONPATH": str(ROOT)}  # this checkout, whatever is installed
        started.append(subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=folder, env=there))
        return started[-1]

    try:
        options = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        scheduler = start("dask_scheduler", *options)
        wait_until(file.exists)
        address = json.loads(file.read_text())["address"]
        workers = [
            start("dask_worker", address, "--nthreads", "1", "--no-nanny", "--name", str(number))
            for number in range(2)
        ]
        yield Cluster(address, scheduler, workers)
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


@pytest.mark.nightly
def test_a_cluster_of_two(whole: dict[str, bytes], cluster: Cluster, tmp_path: Path) -> None:
    build(tmp_path, "--scheduler", cluster.address)
    assert contents(tmp_path) == whole


@pytest.mark.nightly
def test_a_worker_of_a_cluster_killed(
    whole: dict[str, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    process = start_nasbench(*arguments(tmp_path, "--scheduler", cluster.address))
    wait_until(lambda: trained(tmp_path) >= 5)
    cluster.workers[0].kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert trained(tmp_path) == TRAININGS
    assert contents(tmp_path) == whole


@pytest.mark.nightly
def test_a_scheduler_that_goes_away(
    whole: dict[str, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    process = start_nasbench(*arguments(tmp_path, "--scheduler", cluster.address))
    wait_until(lambda: trained(tmp_path) >= 5)
    cluster.scheduler.kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == (
        f"nasbench: the scheduler at {cluster.address} has gone; what is finished is kept, run the "
        "command again when it is back"
    )
    assert 5 <= trained(tmp_path) < TRAININGS
    build(tmp_path, "--jobs", "1")
    assert contents(tmp_path) == whole
