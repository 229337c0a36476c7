from __future__ import annotations

import os
import re
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark import cluster as module
from benchmark.cluster import check_versions, cluster, versions
from benchmark.errors import CheckError, InputError
from benchmark.pool import WorkerDiedError
from benchmark.runner import run_units
from benchmark.store import read_records
from benchmark.task import load_preset
from benchmark.workers import Workers, chosen_workers
from tests.command_line import nasbench, tiny_preset


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start a scheduler and two worker processes, of which a dead one is not started again."""
    from dask import config
    from distributed import LocalCluster

    # A worker holds what it works on and nothing else, so that no other call is blamed for a death.
    settings = {
        "distributed.scheduler.allowed-failures": 1,
        "distributed.scheduler.worker-saturation": 1.0,
    }
    with warnings.catch_warnings(), config.set(settings):
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as started:
            yield started.scheduler_address


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def die_at(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


def fail_at(number: int) -> int:
    if number == 3:
        raise CheckError("number 3 fails")
    return number


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'benchmark.new'"),
        RuntimeError("Error during deserialization of the task graph. This frequently\noccurs if"),
    ],
)
def test_a_cluster_of_another_version_is_one_line(error: Exception) -> None:
    class Failed:
        def exception(self) -> Exception:
            return error

    found: Any = module.Cluster(None, "tcp://a:1")  # type: ignore[arg-type]
    said = str(error).split(". ")[0]
    message = f"a worker of tcp://a:1, or its scheduler, cannot run this version ({said}): install"
    with pytest.raises(CheckError, match=re.escape(message)):
        found._error(Failed())


@pytest.mark.slow
def test_results_come_back(address: str) -> None:
    with cluster(address) as pool:
        assert sorted(pool.results(divmod, [(7, 2), (9, 5)])) == [(1, 4), (3, 1)]
        assert list(pool.results(divmod, [])) == []


@pytest.mark.slow
def test_what_a_call_raises_is_raised_here(address: str) -> None:
    with pytest.raises(CheckError, match="number 3 fails"), cluster(address) as pool:
        list(pool.results(fail_at, [(number,) for number in range(5)]))


@pytest.mark.slow
def test_a_call_that_kills_its_workers_is_given_up_after_all_others(address: str) -> None:
    done: list[int] = []

    def work() -> None:
        with cluster(address) as pool:
            done.extend(pool.results(die_at, [(number,) for number in range(8)]))

    with pytest.raises(WorkerDiedError):
        work()
    assert sorted(done) == [0, 1, 2, 4, 5, 6, 7]


@pytest.mark.slow
def test_runs_are_the_same_on_a_cluster(address: str, tmp_path: Path) -> None:
    task = load_preset(str(tiny_preset(tmp_path)))
    run_units(task, ["one-shot", "random"], [0, 1], tmp_path / "here")
    workers = Workers(scheduler=address)
    runs = run_units(task, ["one-shot", "random"], [0, 1], tmp_path / "there", workers=workers)
    assert runs.reused == 0
    here, there = read_records(tmp_path / "here"), read_records(tmp_path / "there")
    assert [one.scores.tobytes() for one in here] == [one.scores.tobytes() for one in there]
    assert [path.suffix for path in (tmp_path / "there").iterdir()] == [".json"] * 4
    again = run_units(task, ["one-shot", "random"], [0, 1], tmp_path / "there", workers=workers)
    assert again.reused == 4


@pytest.mark.slow
def test_a_worker_with_other_versions(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "versions", lambda: versions() | {"torch": "1.0"})
    message = r"worker on .* has torch \S+, this process 1\.0; install the same there"
    with pytest.raises(CheckError, match=message), cluster(address) as pool:
        list(pool.results(divmod, [(7, 2)]))


def test_a_scheduler_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    where = f"tcp://127.0.0.1:{free_port()}"
    called = nasbench(
        "run", "--method", "random", "--seeds", "1", "--preset", tiny_preset(tmp_path),
        "--scheduler", where, "--out", tmp_path / "out",
    )  # fmt: skip
    assert called.code == 1
    (line,) = called.err.splitlines()
    assert line.startswith(f"nasbench: cannot reach a scheduler at {where}: ")
    assert line.endswith("; start one with `dask scheduler`, or correct --scheduler")


@pytest.mark.parametrize("address", ["nowhere", "tcp://", "xyz://1.2.3.4:5", "tcp://10.0.0.1", ""])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(InputError, match="is no address of a scheduler"), cluster(address):
        pass


def test_versions_that_are_the_same() -> None:
    check_versions(versions(), dict(versions()))


def test_a_library_that_is_missing_there() -> None:
    with pytest.raises(CheckError, match=r"has torch None, this process \S+; install the same"):
        check_versions(versions(), {k: v for k, v in versions().items() if k != "torch"})


def test_backend_and_scheduler_must_fit() -> None:
    with pytest.raises(InputError, match="--backend dask needs --scheduler"):
        chosen_workers(1, "dask", None)
    with pytest.raises(InputError, match="--scheduler is for --backend dask"):
        chosen_workers(1, "loky", "tcp://1.2.3.4:8786")
    assert chosen_workers(3, "loky", None) == chosen_workers(3, None, None) == Workers(3)
