"""A seed's scores are the same bits in any process, beside any other run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.app.running.runner import run_units
from benchmark.records import RunRecord, read_records
from benchmark.tasks.task import load_preset
from tests.command_line import finish, start_nasbench

Records = dict[str, RunRecord]


@pytest.fixture(scope="module")
def in_process(preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Return two seeds of gm, run one after the other in this process."""
    task, folder = load_preset(str(preset)), tmp_path_factory.mktemp("in process")
    return {str(one.unit): one for one in run_units(task, ["gm"], [0, 1], folder).records}


def test_two_seeds_differ(in_process: Records) -> None:
    first, second = in_process.values()
    assert first.scores.tobytes() != second.scores.tobytes()


def test_three_units_that_share_two_workers(
    in_process: Records, preset: Path, tmp_path: Path
) -> None:
    """In other processes, with other threads and hashes."""
    methods = ("--method", "one-shot", "--method", "gm", "--seeds", "1,7,0", "--shard", "2/2")
    where = ("--preset", preset, "--out", tmp_path, "--jobs", "2")
    environment = {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    called = finish(start_nasbench("run", *methods, *where, **environment))
    assert called.code == 0, called.err
    found = {str(record.unit): record for record in read_records(tmp_path)}
    assert set(found) == {"one-shot seed 7", "gm seed 1", "gm seed 0"}
    for unit, record in in_process.items():
        check_same(found[unit], record)


@pytest.mark.nightly
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_all_methods_that_search_in_another_process(
    preset: Path, tmp_path: Path, jobs: str
) -> None:
    methods = ["one-shot", "few-shot", "gm", "gm-random"]
    expected = run_units(load_preset(str(preset)), methods, [3], tmp_path / "here").records
    names = [word for method in methods for word in ("--method", method)]
    where = ("--preset", preset, "--out", tmp_path / "there", "--jobs", jobs)
    called = finish(start_nasbench("run", *names, "--seeds", "3,", *where, PYTHONHASHSEED="7"))
    assert called.code == 0, called.err
    found = {str(record.unit): record for record in read_records(tmp_path / "there")}
    for record in expected:
        check_same(found[str(record.unit)], record)


def check_same(one: RunRecord, other: RunRecord) -> None:
    assert one.scores.tobytes() == other.scores.tobytes()
    assert one.trace == other.trace
    assert one.budget == other.budget
    assert one.key == other.key
