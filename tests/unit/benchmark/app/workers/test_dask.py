from __future__ import annotations

import io
import os
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from benchmark.app.running.runner import run_units
from benchmark.app.workers import dask as module
from benchmark.app.workers.backends import Workers, chosen_workers
from benchmark.app.workers.dask import Cluster, check_versions, cluster, versions
from benchmark.app.workers.loky import WorkerDiedError
from benchmark.errors import CheckError, InputError
from benchmark.records import read_records
from benchmark.tasks.task import load_preset
from tests.command_line import nasbench, tiny_preset

if TYPE_CHECKING:
    from distributed import Client, LocalCluster


@contextmanager
def local_cluster(workers: int) -> Iterator[LocalCluster]:
    """Start a scheduler and worker processes with the library's own settings."""
    from distributed import LocalCluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as started:
            yield started


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start a scheduler and two worker processes."""
    with local_cluster(workers=2) as started:
        yield started.scheduler_address


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def die_at(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


def note_and_die_at(number: int, folder: Path) -> int:
    with (folder / "begun").open("a") as file:
        file.write(f"{number}\n")
    return die_at(number)


class Stubborn(Exception):  # noqa: N818 - it is no more than one that cannot be sent
    def __reduce__(self) -> str:
        raise TypeError("it stays")


def fail_as(kind: type[Exception]) -> None:
    raise kind("of the call itself")


def fail_at(number: int) -> int:
    if number == 3:
        raise CheckError("number 3 fails")
    return number


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
def test_a_call_gets_one_retry_and_those_beside_it_are_not_blamed(tmp_path: Path) -> None:
    """The scheduler itself would let four workers die, and holds two calls at a worker."""
    done: list[int] = []

    def work() -> None:
        with local_cluster(2) as local, cluster(local.scheduler_address) as pool:
            done.extend(pool.results(note_and_die_at, [(n, tmp_path) for n in range(8)]))

    with pytest.raises(WorkerDiedError):
        work()
    assert sorted(done) == [0, 1, 2, 4, 5, 6, 7]
    assert (tmp_path / "begun").read_text().split().count("3") == 2


class Heard(io.StringIO):
    """Text that says when there is some."""

    def __init__(self) -> None:
        super().__init__()
        self.event = threading.Event()

    def write(self, text: str) -> int:
        self.event.set()
        return super().write(text)


@pytest.mark.slow
def test_without_workers_it_is_said_and_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("LOOK", 0.2), ("LONELY", 1.0)):
        monkeypatch.setattr(module, name, seconds)
    heard = Heard()
    monkeypatch.setattr(sys, "stderr", heard)
    with local_cluster(workers=1) as local, cluster(local.scheduler_address) as pool:
        local.scale(0)

        def help_out() -> None:
            assert heard.event.wait(60)
            local.scale(1)

        helper = threading.Thread(target=help_out)
        helper.start()
        assert sorted(pool.results(abs, [(-number,) for number in range(3)])) == [0, 1, 2]
        helper.join()
    (line,) = heard.getvalue().splitlines()
    assert line.startswith(f"the scheduler at {local.scheduler_address} has had no worker for 1 s")


@pytest.mark.slow
@pytest.mark.parametrize("kind", [TypeError, AttributeError, TimeoutError, Stubborn])
def test_what_a_call_itself_raises_is_not_laid_on_the_worker(
    address: str, kind: type[Exception]
) -> None:
    with pytest.raises(Exception, match="of the call itself") as caught, cluster(address) as pool:
        list(pool.results(fail_as, [(kind,)]))
    assert type(caught.value) is (CheckError if kind is Stubborn else kind)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ImportError("no torch"), "cannot run this version (ImportError: no torch): install the"),
        (AttributeError("no _f"), "cannot run this version (AttributeError: no _f): install the"),
        (
            RuntimeError("Error during deserialization of the task graph. This frequently\noccurs"),
            "(RuntimeError: Error during deserialization of the task graph): install the same",
        ),
        (OSError("gone\nfar"), "failed: OSError: gone; what is finished is kept"),
        (CheckError("has torch 1.0"), "has torch 1.0"),
        (None, "the scheduler at tcp://10.0.0.1:1 has gone"),
    ],
)
def test_what_goes_wrong_around_a_call_is_one_line(error: Exception | None, message: str) -> None:
    found = Cluster(cast("Client", None), "tcp://10.0.0.1:1")._fault(error)
    assert isinstance(found, CheckError)
    assert message in str(found)
    assert "\n" not in str(found)


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


def test_certificates_that_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    called = nasbench(
        "run", "--method", "random", "--seeds", "1", "--preset", tiny_preset(tmp_path),
        "--scheduler", f"tls://127.0.0.1:{free_port()}", "--out", tmp_path / "out",
    )  # fmt: skip
    assert called.code == 1
    (line,) = called.err.splitlines()
    assert line.startswith("nasbench: cannot use the scheduler at tls://127.0.0.1:")
    assert "TLS" in line


def test_a_scheduler_that_refuses_our_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ImportError("\nMismatched versions found\n\n+--+--+\n| a table |")

    monkeypatch.setattr("distributed.Client", refuse)
    message = r"cannot use the scheduler at tcp://10\.0\.0\.1:1: Mismatched versions found; it must"
    with pytest.raises(CheckError, match=message), cluster("tcp://10.0.0.1:1"):
        pass


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
