from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark import files
from benchmark.app.running import dispatch, runner, unit_job
from benchmark.app.running.runner import run_units
from benchmark.app.running.unit_job import UnitJob
from benchmark.app.workers.progress import WRITE_EVERY, Meter
from benchmark.app.workers.stopping import ask_to_stop
from benchmark.budget import Spending
from benchmark.errors import CheckError, InputError, StoppedError
from benchmark.images import DataSettings, ImageSet, data_folder, dataset_record
from benchmark.records import PROTOCOL, Unit, read_records, write_record
from benchmark.records.failure import KIND
from benchmark.records.json_file import read_json
from benchmark.records.locks import lock_path, try_lock, unlock
from benchmark.seeds import fingerprint
from benchmark.tasks.task import Task, load_preset
from tests.command_line import ROOT, tiny_preset
from tests.stub_cluster import StubCluster

Contents = dict[str, tuple[bytes, int]]
UseStub = Callable[[Callable[[Experiment], None]], None]


@pytest.fixture
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return load_preset(str(tiny_preset(tmp_path_factory.mktemp("preset"))))


@pytest.fixture
def use_stub(monkeypatch: pytest.MonkeyPatch) -> UseStub:
    """Return a function that puts another method behind all names: it acts, then scores zero."""

    def use(action: Callable[[Experiment], None]) -> None:
        class Stub(Method):
            def __init__(self, options: Mapping[str, Any]) -> None:
                self.options = options

            def run(self, experiment: Experiment) -> Outcome:
                action(experiment)
                return Outcome(np.zeros(len(experiment.candidates)))

        def stub(name: str) -> type[Method]:
            return type("Stub", (Stub,), {"name": name})

        for module in (runner, unit_job):
            monkeypatch.setattr(module, "method_class", stub)

    return use


def digits() -> ImageSet:
    """Return the images of the tiny preset."""
    settings = DataSettings("digits", 8, 1_200, 597, 0.8, 1, 1, flip=False)
    return dataset_record("digits").read(settings, data_folder())


def fail_at(seed: int, error: BaseException) -> Callable[[Experiment], None]:
    def act(experiment: Experiment) -> None:
        if experiment.streams.seed == seed:
            raise error

    return act


def contents(folder: Path) -> Contents:
    """Return all files of a folder, hidden ones too, with their time."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_records_come_in_the_order_asked_for(task: Task, tmp_path: Path) -> None:
    runs = run_units(task, ["random", "params"], [7, 3], tmp_path)
    units = [(record.method, record.seed) for record in runs.records]
    assert units == [("random", 7), ("random", 3), ("params", 7)]  # params knows no seeds
    assert runs.reused == 0
    assert sorted(contents(tmp_path)) == [
        "params-seed7.json",
        "random-seed3.json",
        "random-seed7.json",
    ]


def test_what_is_returned_is_what_was_written(task: Task, tmp_path: Path) -> None:
    (record,) = run_units(task, ["random"], [7], tmp_path).records
    (read,) = read_records(tmp_path)
    assert read.scores.tobytes() == record.scores.tobytes()
    assert (read.key, read.budget, read.trace) == (record.key, record.budget, record.trace)
    assert read.provenance == record.provenance


def test_a_record_says_how_it_came_about(task: Task, tmp_path: Path) -> None:
    (record,) = run_units(task, ["one-shot"], [0], tmp_path).records
    assert record.task == task.describe("one-shot")
    assert record.protocol == PROTOCOL
    assert record.budget["spent"] == 600
    assert record.budget["parts"][Spending.SHARED_TRAINING.value] == 600
    assert list(record.trace["losses"]) == ["root"]
    assert record.provenance["device"] == "cpu"
    assert record.provenance["threads"] == 1
    assert record.provenance["seconds"] > 0
    assert record.provenance["streams"] == {
        name: fingerprint(0, name)
        for name in ("batches", "initial weights", "paths/root", "selection/root")
    }
    assert record.provenance["images"] == digits().digest()


def test_what_is_finished_is_not_run_again(task: Task, tmp_path: Path) -> None:
    first = run_units(task, ["random"], [0, 1, 2], tmp_path)
    before = contents(tmp_path)
    (tmp_path / "random-seed1.json").unlink()
    second = run_units(task, ["random"], [0, 1, 2, 3], tmp_path)
    assert second.reused == 2
    after = contents(tmp_path)
    assert len(after) == 4
    for kept in ("random-seed0.json", "random-seed2.json"):
        assert after[kept] == before[kept]
    assert after["random-seed1.json"][1] > before["random-seed1.json"][1]
    for old, new in zip(first.records, second.records[:3], strict=True):
        assert old.scores.tobytes() == new.scores.tobytes()


def test_what_another_machine_made_is_reported(task: Task, tmp_path: Path) -> None:
    (record,) = run_units(task, ["random"], [0], tmp_path).records
    assert run_units(task, ["random"], [0, 1], tmp_path).differences == ()
    other = {**record.provenance, "cpu": "another", "threads": 8}
    write_record(replace(record, provenance=other), tmp_path)
    assert run_units(task, ["random"], [0, 1], tmp_path).differences == ("cpu", "threads")
    assert run_units(task, ["random"], [1], tmp_path).differences == ()


def test_a_record_of_another_device_is_in_the_way(task: Task, tmp_path: Path) -> None:
    (record,) = run_units(task, ["random"], [0], tmp_path).records
    other = {**record.provenance, "device": "cuda:0"}
    write_record(replace(record, provenance=other), tmp_path)
    with pytest.raises(InputError, match=r"made on the device cuda:0, this is cpu: .*--dev"):
        run_units(task, ["random"], [0], tmp_path)


def test_all_finished_starts_nothing(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_units(task, ["random"], [0, 1], tmp_path)
    monkeypatch.setattr(runner, "shown_board", lambda *_: pytest.fail("a board is shown"))
    assert run_units(task, ["random"], [1, 0], tmp_path).reused == 2


def test_a_record_of_another_task_is_in_the_way(task: Task, tmp_path: Path) -> None:
    run_units(task, ["random"], [1], tmp_path)
    before = contents(tmp_path)
    other = replace(task, training=replace(task.training, budget=601))
    with pytest.raises(InputError, match=r"random-seed1.json is a run of another task: .* --out"):
        run_units(other, ["random"], [0, 1], tmp_path)
    assert contents(tmp_path) == before  # not even seed 0 was run


def test_a_damaged_record_is_in_the_way(task: Task, tmp_path: Path) -> None:
    run_units(task, ["random"], [1], tmp_path)
    path = tmp_path / "random-seed1.json"
    path.write_bytes(path.read_bytes()[:-100])
    before = contents(tmp_path)
    with pytest.raises(InputError, match=r"random-seed1.json is no run record, or .*; delete it"):
        run_units(task, ["random"], [0, 1], tmp_path)
    assert contents(tmp_path) == before


def test_the_others_finish_when_some_fail(task: Task, tmp_path: Path, use_stub: UseStub) -> None:
    use_stub(fail_at(1, CheckError("the loss of step 3 is nan: lower the learning rate")))
    with pytest.raises(
        CheckError,
        match=r"^2 of 6 runs failed: random seed 1: the loss of step 3 is nan: lower the learning "
        r"rate; one-shot seed 1: the loss of step 3 is nan: lower the learning rate$",
    ):
        run_units(task, ["random", "one-shot"], [0, 1, 2], tmp_path)
    finished = [(record.method, record.seed) for record in read_records(tmp_path)]
    assert finished == [("one-shot", 0), ("one-shot", 2), ("random", 0), ("random", 2)]
    left = [read_json(KIND, path) for path in sorted(tmp_path.glob("*.failed"))]
    assert [(one["method"], one["seed"]) for one in left] == [("one-shot", 1), ("random", 1)]
    assert left[1]["fault"] == "the loss of step 3 is nan: lower the learning rate"
    assert left[1]["task"] == task.describe("random")
    assert left[1]["budget"]["spent"] == 0
    assert left[1]["provenance"]["device"] == "cpu"
    use_stub(lambda _: None)
    assert run_units(task, ["random", "one-shot"], [0, 1, 2], tmp_path).reused == 4
    assert {path.suffix for path in tmp_path.iterdir()} == {".json"}


def test_what_ended_two_workers_of_a_cluster_is_named_and_not_tried_again(
    task: Task, tmp_path: Path, use_stub: UseStub
) -> None:
    use_stub(lambda experiment: None)
    cluster = StubCluster(is_deadly=lambda job: job.unit.seed == 1)
    with pytest.raises(CheckError, match="1 of 3 runs failed: gm seed 1: it ended two workers"):
        run_units(task, ["gm"], [0, 1, 2], tmp_path, workers=cluster)
    assert cluster.calls == [3]
    assert sorted(contents(tmp_path)) == ["gm-seed0.json", "gm-seed2.json"]


@pytest.mark.parametrize(("deaths", "failed"), [(1, []), (2, [1])])
def test_a_unit_whose_worker_died_is_run_once_more_alone(
    task: Task, tmp_path: Path, use_stub: UseStub, deaths: int, failed: list[int]
) -> None:
    use_stub(lambda experiment: None)
    left = [1] * deaths

    def is_deadly(job: UnitJob) -> bool:
        return job.unit.seed == 1 and bool(left and left.pop())

    workers = StubCluster(scheduler=None, is_deadly=is_deadly)
    message = "1 of 3 runs failed: gm seed 1: the system ended its worker twice, perhaps for lack"
    with pytest.raises(CheckError, match=message) if failed else nullcontext():
        run_units(task, ["gm"], [0, 1, 2], tmp_path, workers=workers)
    assert workers.calls == [3, 1]
    assert sorted(contents(tmp_path)) == [
        f"gm-seed{seed}.json" for seed in range(3) if seed not in failed
    ]


def test_many_failures_are_not_all_listed(task: Task, tmp_path: Path, use_stub: UseStub) -> None:
    def fail(experiment: Experiment) -> None:
        raise CheckError("no")

    use_stub(fail)
    with pytest.raises(
        CheckError, match=r"^12 of 12 runs failed: (random seed \d+: no; ){10}and 2 m"
    ):
        run_units(task, ["random"], range(12), tmp_path)


def test_a_loss_that_is_nan_fails_its_run_alone(task: Task, tmp_path: Path) -> None:
    broken = replace(task, training=replace(task.training, learning_rate=1e30, gradient_norm=1e30))
    with pytest.raises(CheckError, match=r"^1 of 2 runs failed: one-shot seed 0: root: the loss "):
        run_units(broken, ["one-shot", "random"], [0], tmp_path)
    assert [record.method for record in read_records(tmp_path)] == ["random"]
    failure = read_json(KIND, tmp_path / "one-shot-seed0.failed")
    assert failure["fault"].startswith("root: the loss of step ")
    assert failure["budget"]["parts"]["shared training"] > 0


def test_too_little_memory_to_train_changes_no_batch(
    task: Task, tmp_path: Path, use_stub: UseStub
) -> None:
    use_stub(fail_at(1, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\nmore")))
    with pytest.raises(
        CheckError,
        match=r"^1 of 3 runs failed: random seed 1: OutOfMemoryError: CUDA out of memory. Tried to "
        r"allocate \(benchmark/app/running/single_run.py:\d+\)$",
    ):
        run_units(task, ["random"], [0, 1, 2], tmp_path)
    assert [record.seed for record in read_records(tmp_path)] == [0, 2]


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError(errno.EIO, "Input/output error"), "OSError: [Errno 5] Input/output error"),
        (np.linalg.LinAlgError("SVD did not converge"), "LinAlgError: SVD did not converge"),
        (KeyError("nodes"), "KeyError: 'nodes'"),
        (AssertionError(), "AssertionError: "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_one_fails_with_the_others_finish(
    task: Task, tmp_path: Path, use_stub: UseStub, error: Exception, fault: str
) -> None:
    use_stub(fail_at(1, error))
    with pytest.raises(CheckError) as caught:
        run_units(task, ["random"], [0, 1, 2], tmp_path)
    assert str(caught.value).startswith(f"1 of 3 runs failed: random seed 1: {fault} (benchmark/")
    assert [record.seed for record in read_records(tmp_path)] == [0, 2]
    left = read_json(KIND, tmp_path / "random-seed1.failed")["fault"]
    assert str(caught.value).endswith(left)
    assert left.startswith(fault)


def test_a_failure_says_where_in_our_code_it_was(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choice(*_: Any, **__: Any) -> None:
        raise ValueError("no such edge")

    monkeypatch.setattr("baselines.few_shot.Split", choice)
    with pytest.raises(CheckError, match=r"^1 of 2 runs failed: few-shot seed 0: ValueError: no "):
        run_units(task, ["few-shot", "random"], [0], tmp_path)
    fault = read_json(KIND, tmp_path / "few-shot-seed0.failed")["fault"]
    place = re.search(r" \((baselines/few_shot\.py):(\d+)\)$", fault)
    assert place is not None, fault
    assert "Split(" in (ROOT / place[1]).read_text("utf-8").splitlines()[int(place[2]) - 1]


def test_what_the_user_should_know_is_said_and_kept(
    task: Task, tmp_path: Path, use_stub: UseStub, capsys: pytest.CaptureFixture[str]
) -> None:
    use_stub(lambda experiment: experiment.note("chunks are smaller now"))
    (record,) = run_units(task, ["random"], [3], tmp_path).records
    assert record.provenance["notes"] == ["chunks are smaller now"]
    assert capsys.readouterr().err == "random seed 3: chunks are smaller now\n"


def stop_after(count: int, number: int) -> Callable[[Experiment], None]:
    """Return work that is sent a signal in the middle, and then goes on."""

    def act(experiment: Experiment) -> None:
        for step in range(100):
            if step == count and experiment.streams.seed == 1:
                ask_to_stop(number)
                time.sleep(WRITE_EVERY)
            experiment.ledger.charge(Spending.SHARED_TRAINING, 1)
            experiment.tick()

    return act


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_is_finished_be_kept(
    task: Task, tmp_path: Path, use_stub: UseStub, number: int
) -> None:
    use_stub(stop_after(3, number))
    with pytest.raises(StoppedError) as caught:
        run_units(task, ["random"], [0, 1, 2], tmp_path)
    assert caught.value.number == number
    assert list(contents(tmp_path)) == ["random-seed0.json"]
    with pytest.raises(StoppedError):
        ask_to_stop(number)  # the run has ended


def test_what_another_process_runs_is_left_to_it(
    task: Task, tmp_path: Path, use_stub: UseStub, capsys: pytest.CaptureFixture[str]
) -> None:
    use_stub(lambda experiment: None)
    (whole,) = run_units(task, ["random"], [1], tmp_path).records
    (tmp_path / "random-seed1.json").unlink()
    other = try_lock(tmp_path, whole.unit)
    assert other is not None
    done: list[int] = []

    def act(experiment: Experiment) -> None:
        done.append(experiment.streams.seed)
        if experiment.streams.seed == 2:
            threading.Timer(0.6, finish).start()

    def finish() -> None:
        write_record(whole, tmp_path)
        unlock(other)

    use_stub(act)
    runs = run_units(task, ["random"], [0, 1, 2], tmp_path)
    assert done == [0, 2]
    assert runs.records[1].scores.tobytes() == whole.scores.tobytes()
    assert "waiting for other processes, which run random seed 1\n" in capsys.readouterr().err
    assert sorted(contents(tmp_path)) == [f"random-seed{seed}.json" for seed in range(3)]


def test_what_another_process_gave_up_is_done(
    task: Task, tmp_path: Path, use_stub: UseStub
) -> None:
    done: list[int] = []
    other = try_lock(tmp_path, Unit("random", "rsps", 0))
    assert other is not None
    threading.Timer(0.6, unlock, [other]).start()
    use_stub(lambda experiment: done.append(experiment.streams.seed))
    run_units(task, ["random"], [0], tmp_path)
    assert done == [0]


def test_a_unit_is_locked_only_from_its_start_to_its_record(
    task: Task, tmp_path: Path, use_stub: UseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[list[str]] = []

    def note(*_: object) -> None:
        locked.append(sorted(path.name for path in tmp_path.glob(".*.lock")))

    monkeypatch.setattr(dispatch, "write_record", note)
    use_stub(note)
    run_units(task, ["random"], [0, 1], tmp_path)
    assert locked == [[f".random-seed{seed}.lock"] for seed in (0, 0, 1, 1)]
    assert not list(tmp_path.iterdir())


def test_a_lock_that_the_system_refuses_is_one_error(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CheckError("cannot lock it: No space left on device")

    monkeypatch.setattr(dispatch, "try_lock", refuse)
    with pytest.raises(CheckError, match=r"^cannot lock it: No space left on device$"):
        run_units(task, ["random"], [0, 1], tmp_path)


def test_a_lock_file_that_a_killed_process_left_is_removed(
    task: Task, tmp_path: Path, use_stub: UseStub
) -> None:
    use_stub(lambda experiment: None)
    (record,) = run_units(task, ["random"], [0], tmp_path).records
    lock_path(tmp_path, record.unit).write_text("")
    assert run_units(task, ["random"], [0], tmp_path).reused == 1
    assert list(contents(tmp_path)) == ["random-seed0.json"]


def test_whatever_is_left_in_the_temporary_folder_would_be_swept(
    task: Task, tmp_path: Path, use_stub: UseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the process is killed in the middle of a unit, and all its others are found."""
    temporary, killed = tmp_path / "temporary", tmp_path / "killed"
    temporary.mkdir()

    def act(experiment: Experiment) -> None:
        shutil.copytree(temporary, killed)

    use_stub(act)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    run_units(task, ["random"], [0], tmp_path / "out")
    assert list(temporary.iterdir()) == []
    assert len(list(killed.iterdir())) == 2  # the board and what workers share
    monkeypatch.setattr(tempfile, "tempdir", str(killed))
    monkeypatch.setattr(files, "is_gone", lambda _: True)
    assert run_units(task, ["random"], [0], tmp_path / "out").reused == 1
    assert list(killed.iterdir()) == []


def test_a_disk_that_is_full_keeps_what_is_finished(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def write_bytes(self: Path, data: bytes) -> int:
        if "random-seed1" in self.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(self.name)
        return original(self, data)

    original = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(CheckError, match=r"^cannot write .*random-seed1.json: No space"):
        run_units(task, ["random"], [0, 1, 2], tmp_path)
    assert len(written) == 1
    assert list(contents(tmp_path)) == ["random-seed0.json"]
    assert len(read_records(tmp_path)) == 1


def test_scores_that_are_not_finite_are_a_failure(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Method, experiment: Experiment) -> Outcome:
        return Outcome(np.full(300, np.nan))

    monkeypatch.setattr("baselines.reference.RandomScores.run", run)
    with pytest.raises(CheckError, match=r"random seed 0: 300 of 300 scores are not finite"):
        run_units(task, ["random"], [0], tmp_path)
    assert list(contents(tmp_path)) == ["random-seed0.failed"]


def test_an_interrupt_ends_everything_but_keeps_what_is_finished(
    task: Task, tmp_path: Path, use_stub: UseStub
) -> None:
    before = signal.getsignal(signal.SIGINT)
    use_stub(fail_at(1, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run_units(task, ["random"], [0, 1, 2], tmp_path)
    assert list(contents(tmp_path)) == ["random-seed0.json"]
    assert len(read_records(tmp_path)) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_a_meter_follows_what_is_spent_and_scored(
    task: Task, tmp_path: Path, use_stub: UseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored = len(task.functions)
    shares: list[float] = []
    monkeypatch.setattr(Meter, "show", lambda self, share: shares.append(share))

    def act(experiment: Experiment) -> None:
        for _ in range(6):
            experiment.ledger.charge(Spending.SHARED_TRAINING, 100)
            experiment.tick()
        for _ in range(2):
            experiment.ledger.record_scoring(experiment.scoring.images * scored // 2)
            experiment.tick()

    use_stub(act)
    run_units(task, ["random"], [0], tmp_path)
    steps = np.diff([0, *shares])
    assert steps[:6] == pytest.approx(np.full(6, steps[0]))
    assert steps[6:8] == pytest.approx(np.full(2, steps[6]))
    assert np.all(steps > 0)  # so the last step, from all images to the end, is one too
    assert shares[-1] == 1


def test_a_meter_follows_what_a_method_says_that_spends_nothing(
    task: Task, tmp_path: Path, use_stub: UseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    monkeypatch.setattr(Meter, "show", lambda self, share: shares.append(share))

    def act(experiment: Experiment) -> None:
        for share in (0.25, 0.5, 1.0):
            experiment.progress(share)

    use_stub(act)
    run_units(task, ["random"], [0], tmp_path)
    assert shares == pytest.approx([0.25, 0.5, 1, 1], abs=0.01)
    assert shares[-2] < 1  # done is what has a record


def test_names_and_options_are_checked_before_anything_is_written(
    task: Task, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    with pytest.raises(InputError, match=r"^unknown method 'gmm': did you mean 'gm'\?"):
        run_units(task, ["random", "gmm"], [0], folder)
    odd = replace(task, methods={"gm": {**task.methods["gm"], "groups": [2, 1]}})
    with pytest.raises(InputError, match=r"^\[methods.gm\] groups\[1\] is 1: it must be 2 or more"):
        run_units(odd, ["random", "gm"], [0], folder)
    odd = replace(task, methods={"few-shot": {**task.methods["few-shot"], "decisions": ["0→4"]}})
    with pytest.raises(InputError, match=r"^unknown decision of NAS-Bench-201 '0→4': did you mean"):
        run_units(odd, ["random", "few-shot"], [0], folder)
    with pytest.raises(InputError, match=r"^device 'gpu' cannot be used: "):
        run_units(task, ["random"], [0], folder, device="gpu")
    assert not folder.exists()


def test_options_for_no_method_are_a_slip(task: Task, tmp_path: Path) -> None:
    slipped = replace(task, methods={**task.methods, "few_shot": {"decisions": [0]}})
    with pytest.raises(InputError, match="unknown method 'few_shot': did you mean 'few-shot'"):
        run_units(slipped, ["params"], [0], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_in_place_of_the_folder(task: Task, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(CheckError, match=r"^cannot write to .*file: File exists; give another"):
        run_units(task, ["random"], [0], path)
    with pytest.raises(CheckError, match=r"^cannot write to .*runs: Not a directory; give another"):
        run_units(task, ["random"], [0], path / "runs")
    assert path.read_text() == "mine"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that cannot be written")
def test_a_folder_that_cannot_be_written(task: Task) -> None:
    with pytest.raises(CheckError, match=r"^cannot write to /proc: .*; give another folder$"):
        run_units(task, ["random"], [0], Path("/proc"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_read_only_folder(task: Task, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CheckError, match=r"^cannot write to .*: Permission denied; give another"):
        run_units(task, ["random"], [0], tmp_path)
