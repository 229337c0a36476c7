"""A seed's scores are the same bits in any process, beside any other run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.records import RunRecord, read_records
from tests.command_line import finish, nasbench, start_nasbench

Records = dict[tuple[str, int], RunRecord]


def records(folder: Path) -> Records:
    return {(record.method, record.seed): record for record in read_records(folder)}


@pytest.fixture(scope="module")
def together(preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Return two methods at two seeds, run side by side."""
    folder = tmp_path_factory.mktemp("together")
    methods = ("--method", "one-shot", "--method", "gm")
    where = ("--preset", preset, "--out", folder)
    called = finish(start_nasbench("run", *methods, "--seeds", "2", "--jobs", "2", *where))
    assert called.code == 0, called.err
    return records(folder)


@pytest.mark.slow
def test_runs_side_by_side_differ(together: Records) -> None:
    assert set(together) == {("one-shot", 0), ("one-shot", 1), ("gm", 0), ("gm", 1)}
    assert len({record.scores.tobytes() for record in together.values()}) == 4


@pytest.mark.slow
@pytest.mark.parametrize("method", ["one-shot", "gm"])
def test_one_seed_alone_in_another_process(
    together: Records, preset: Path, tmp_path: Path, method: str
) -> None:
    where = ("--preset", preset, "--out", tmp_path)
    called = nasbench("run", "--method", method, "--seeds", "1,", "--jobs", "1", *where)
    assert called.code == 0, called.err
    check_same(records(tmp_path), together)


@pytest.mark.slow
def test_three_that_take_turns_on_two_workers(
    together: Records, preset: Path, tmp_path: Path
) -> None:
    where = ("--preset", preset, "--out", tmp_path)
    called = nasbench("run", "--method", "gm", "--seeds", "0,1,7", "--jobs", "2", *where)
    assert called.code == 0, called.err
    found = records(tmp_path)
    assert len(found) == 3
    del found["gm", 7]
    check_same(found, together)


@pytest.mark.slow
def test_threads_and_hashes_decide_nothing(together: Records, preset: Path, tmp_path: Path) -> None:
    where = ("--preset", preset, "--out", tmp_path)
    environment = {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    arguments = ("run", "--method", "gm", "--seeds", "1,0", "--jobs", "1", *where)
    called = finish(start_nasbench(*arguments, **environment))
    assert called.code == 0, called.err
    check_same(records(tmp_path), together)


def check_same(some: Records, more: Records) -> None:
    assert some
    for unit, record in some.items():
        assert record.scores.tobytes() == more[unit].scores.tobytes()
        assert record.trace == more[unit].trace
        assert record.budget == more[unit].budget
        assert record.key == more[unit].key
