"""A Dask cluster: in this process where that is enough, of real processes every night."""

from __future__ import annotations

import io
import os
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

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
def local_cluster(workers: int, *, processes: bool) -> Iterator[LocalCluster]:
    """Start a scheduler and workers that listen on this machine."""
    from distributed import LocalCluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=processes,
            protocol="tcp",
            dashboard_address=None,
            silence_logs=50,
        ) as started:
            yield started


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start a scheduler and a worker in this process."""
    with local_cluster(1, processes=False) as started:
        yield started.scheduler_address


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def note_and_die_at(number: int, folder: Path) -> int:
    with (folder / "started").open("a") as file:
        file.write(f"{number}\n")
    if number == 3:
        os._exit(1)
    return number


class Stubborn(Exception):  # noqa: N818 - it is no more than one that cannot be sent
    def __reduce__(self) -> str:
        raise TypeError("it cannot be pickled")


def fail_as(kind: type[Exception]) -> None:
    raise kind("of the call itself")


def fail_to_import(process: int) -> Callable[..., Any]:
    if os.getpid() != process or process < 0:
        raise ImportError("no module of this name")
    return divmod


class Unknown:
    """A function that can be imported in one process alone; nowhere if it is negative."""

    def __init__(self, process: int) -> None:
        self.process = process

    def __call__(self, *numbers: int) -> None:
        pytest.fail("it was imported")

    def __reduce__(self) -> tuple[Callable[[int], Callable[..., Any]], tuple[int]]:
        return fail_to_import, (self.process,)


def test_results_come_back(address: str) -> None:
    with cluster(address) as pool:
        assert sorted(pool.results(divmod, [(7, 2), (9, 5)])) == [(1, 4), (3, 1)]
        assert list(pool.results(divmod, [])) == []


@pytest.mark.parametrize("kind", [TypeError, AttributeError, TimeoutError, CheckError, Stubborn])
def test_what_a_call_itself_raises_is_not_blamed_on_the_worker(
    address: str, kind: type[Exception]
) -> None:
    with pytest.raises(Exception, match="of the call itself") as caught, cluster(address) as pool:
        list(pool.results(fail_as, [(kind,)]))
    assert type(caught.value) is (CheckError if kind is Stubborn else kind)


@pytest.mark.timeout(60)
def test_a_worker_that_cannot_import_the_call_says_so(address: str) -> None:
    """Dask itself would wait for it for ever."""
    message = r"cannot run this version \(ImportError: no module of this name\): install the same"
    with pytest.raises(CheckError, match=message), cluster(address) as pool:
        list(pool.results(Unknown(-1), [(7, 2)]))


def test_runs_are_the_same_on_a_cluster(address: str, tmp_path: Path) -> None:
    task = load_preset(str(tiny_preset(tmp_path)))
    workers = Workers(scheduler=address)
    run_units(task, ["one-shot", "random"], [0], tmp_path / "here")
    runs = run_units(task, ["one-shot", "random"], [0], tmp_path / "there", workers=workers)
    assert runs.reused == 0
    here, there = read_records(tmp_path / "here"), read_records(tmp_path / "there")
    assert [one.scores.tobytes() for one in here] == [one.scores.tobytes() for one in there]
    assert [path.suffix for path in (tmp_path / "there").iterdir()] == [".json"] * 2
    again = run_units(task, ["one-shot", "random"], [0], tmp_path / "there", workers=workers)
    assert again.reused == 2


def test_a_worker_with_other_versions(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = versions()
    with cluster(address) as pool:
        answers = iter([there | {"torch": "1.0"}, there])
        monkeypatch.setattr(module, "versions", lambda: next(answers))
        message = r"worker on .* has torch \S+, this process 1\.0; install the same there"
        with pytest.raises(CheckError, match=message):
            list(pool.results(divmod, [(7, 2)]))


@pytest.mark.nightly
def test_a_call_gets_one_retry_and_those_beside_it_are_not_blamed(tmp_path: Path) -> None:
    """The scheduler itself would let four workers die, and holds two calls at a worker."""
    done: list[int] = []

    def work() -> None:
        with (
            local_cluster(2, processes=True) as local,
            cluster(local.scheduler_address) as pool,
        ):
            done.extend(pool.results(note_and_die_at, [(n, tmp_path) for n in range(8)]))

    with pytest.raises(WorkerDiedError):
        work()
    assert sorted(done) == [0, 1, 2, 4, 5, 6, 7]
    assert (tmp_path / "started").read_text().split().count("3") == 2


class Heard(io.StringIO):
    """Text that says when there is some."""

    def __init__(self) -> None:
        super().__init__()
        self.event = threading.Event()

    def write(self, text: str) -> int:
        self.event.set()
        return super().write(text)


@pytest.mark.nightly
def test_without_workers_it_warns_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """With processes: calls that wait for one are then of another process than the scheduler."""
    for name, seconds in (("CHECK_EVERY", 0.2), ("WARN_AFTER", 1.0)):
        monkeypatch.setattr(module, name, seconds)
    heard = Heard()
    monkeypatch.setattr(sys, "stderr", heard)
    with (
        local_cluster(1, processes=True) as local,
        cluster(local.scheduler_address) as pool,
    ):
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


@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_worker_processes_that_cannot_import_the_call_say_so(tmp_path: Path) -> None:
    task = load_preset(str(tiny_preset(tmp_path)))
    message = r"cannot run this version \(ImportError: no module of this name\): install the same"
    with local_cluster(2, processes=True) as local:
        workers = Workers(scheduler=local.scheduler_address)
        assert len(run_units(task, ["one-shot"], [0, 1], tmp_path, workers=workers).records) == 2
        with pytest.raises(CheckError, match=message), workers.pool(1) as pool:
            list(pool.results(Unknown(os.getpid()), [(7, 2)]))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ImportError("no torch"), "cannot run this version (ImportError: no torch): install the"),
        (AttributeError("no _f"), "cannot run this version (AttributeError: no _f): install the"),
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


def run_on(address: str, tmp_path: Path) -> str:
    """Return the one line with which a command on an unusable scheduler ends."""
    called = nasbench(
        "run", "--method", "random", "--seeds", "1", "--preset", tiny_preset(tmp_path),
        "--scheduler", address, "--out", tmp_path / "out",
    )  # fmt: skip
    assert called.code == 1
    (line,) = called.err.splitlines()
    return line


def test_a_scheduler_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.2)
    address = f"tcp://127.0.0.1:{free_port()}"
    line = run_on(address, tmp_path)
    assert line.startswith(f"nasbench: cannot reach a scheduler at {address}: ")
    assert line.endswith("; start one with `dask scheduler`, or correct --scheduler")


def test_certificates_that_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.2)
    line = run_on(f"tls://127.0.0.1:{free_port()}", tmp_path)
    assert line.startswith("nasbench: cannot use the scheduler at tls://127.0.0.1:")
    assert "TLS" in line


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.2)
    with (
        local_cluster(0, processes=False) as local,
        pytest.raises(CheckError, match=r"has no workers: start some with `dask worker tcp://"),
        cluster(local.scheduler_address),
    ):
        pass


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
