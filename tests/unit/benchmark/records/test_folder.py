from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.records import PROTOCOL, RunRecord, Unit, find_record, read_records, write_record
from benchmark.spaces.nb201 import SIZE
from benchmark.tasks.task import load_preset

MakeRecord = Callable[..., RunRecord]


def test_records_come_by_method_then_seed(tmp_path: Path, make_record: MakeRecord) -> None:
    units = [("few-shot", 2), ("few-shot", 10), ("gm", 0), ("gm", 1), ("one-shot", 0)]
    for method, seed in reversed(units):
        write_record(make_record(method=method, seed=seed), tmp_path)
    assert [(record.method, record.seed) for record in read_records(tmp_path)] == units


def test_other_files_are_left_alone(tmp_path: Path, make_record: MakeRecord) -> None:
    path = write_record(make_record(), tmp_path)
    (tmp_path / "table.md").write_text("|")
    (tmp_path / "comparison.json").write_text("{}")
    (tmp_path / ".gm-seed3-0123456789abcdef.json").write_text("{")  # a run was killed
    assert [record.key for record in read_records(tmp_path)] == [make_record().key]
    assert path.exists()


def test_one_damaged_record_is_named(tmp_path: Path, make_record: MakeRecord) -> None:
    write_record(make_record(seed=1), tmp_path)
    path = write_record(make_record(seed=2), tmp_path)
    path.write_text(path.read_text()[:-9])
    with pytest.raises(InputError, match=r"gm-seed2.json is no run record, or it was cut off"):
        read_records(tmp_path)


def test_a_copy_does_not_count_twice(tmp_path: Path, make_record: MakeRecord) -> None:
    path = write_record(make_record(), tmp_path)
    path.with_name("gm-seed4.json").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"gm-seed4.json holds what belongs in gm-seed3.json; del"):
        read_records(tmp_path)
    with pytest.raises(InputError, match=r"gm-seed4.json holds what belongs in gm-seed3.json; del"):
        find_record(tmp_path, Unit("gm", None, 4), make_record().task)


def test_runs_of_two_bases_stand_side_by_side(tmp_path: Path, make_record: MakeRecord) -> None:
    task = make_record().task
    tasks = {base: {**task, "search": {"base": base}} for base in ("rsps", "darts", "darts-2nd")}
    names = {
        base: write_record(make_record(task=one), tmp_path).name for base, one in tasks.items()
    }
    assert names == {
        "rsps": "gm-seed3.json",
        "darts": "gm-darts-seed3.json",
        "darts-2nd": "gm-darts-2nd-seed3.json",
    }
    for base, one in tasks.items():
        found = find_record(tmp_path, Unit("gm", base, 3), one)
        assert found is not None
        assert found.base == base
    assert [record.name for record in read_records(tmp_path)] == ["gm", "gm-darts", "gm-darts-2nd"]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^no folder .*gone: name one that nasbench run wrote"):
        read_records(tmp_path / "gone")


def test_a_finished_run_is_found(tmp_path: Path, make_record: MakeRecord) -> None:
    record = make_record(scores=np.arange(SIZE) / 3)
    assert find_record(tmp_path / "new", Unit("gm", None, 3), record.task) is None
    write_record(record, tmp_path / "new")
    backwards = dict(reversed(list(record.task.items())))
    found = find_record(tmp_path / "new", Unit("gm", None, 3), backwards)
    assert found is not None
    assert found.scores.tobytes() == record.scores.tobytes()
    assert find_record(tmp_path / "new", Unit("gm", None, 4), record.task) is None
    assert find_record(tmp_path / "new", Unit("one-shot", None, 3), record.task) is None


def test_a_run_of_another_task_is_refused(tmp_path: Path, make_record: MakeRecord) -> None:
    write_record(make_record(), tmp_path)
    with pytest.raises(
        InputError,
        match=r"gm-seed3.json is a run of another task: preset is 'ci' there, 'laptop' here; "
        r"give another --out, or delete it$",
    ):
        find_record(tmp_path, Unit("gm", None, 3), {**make_record().task, "preset": "laptop"})


def test_a_refusal_names_the_settings_that_differ(tmp_path: Path, make_record: MakeRecord) -> None:
    ci = load_preset("ci")
    there, here = (ci.changed({"training.budget": budget}) for budget in (64_000, 32_000))
    write_record(make_record(task=there.describe("gm")), tmp_path)
    unit = Unit("gm", "rsps", 3)
    with pytest.raises(InputError) as caught:
        find_record(tmp_path, unit, here.describe("gm"))
    assert f"preset is '{there.preset}' there, '{here.preset}' here, " in str(caught.value)
    assert ", training.budget is 64000 there, 32000 here; give another" in str(caught.value)
    with pytest.raises(InputError, match="here, and 8 more settings; give another --out"):
        find_record(tmp_path, unit, load_preset("fashion").describe("gm"))
    listed = there.changed({"scoring.candidates": list(range(100))})
    with pytest.raises(InputError, match=r"candidates is 'all' there, \[0, 1, .*… here; give"):
        find_record(tmp_path, unit, listed.describe("gm"))
    judged = there.changed({"truth.table": "mine"}).describe("gm")
    assert find_record(tmp_path, unit, judged) is not None


def test_a_run_of_another_protocol_is_refused(tmp_path: Path, make_record: MakeRecord) -> None:
    record = make_record(protocol=PROTOCOL + 1)
    write_record(record, tmp_path)
    with pytest.raises(
        InputError,
        match=rf"gm-seed3.json was made by protocol {PROTOCOL + 1}, this code has {PROTOCOL}: "
        r"its scores cannot be mixed with new ones; give another --out, or delete it$",
    ):
        find_record(tmp_path, Unit("gm", None, 3), record.task)


def test_a_damaged_run_is_not_run_again_unasked(tmp_path: Path, make_record: MakeRecord) -> None:
    write_record(make_record(), tmp_path).write_text("")
    with pytest.raises(InputError, match=r"gm-seed3.json is no run record, .*; delete it and run"):
        find_record(tmp_path, Unit("gm", None, 3), make_record().task)


def test_a_run_of_another_kind_of_device_is_refused(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    record = make_record(provenance={"device": "cuda:1"})
    write_record(record, tmp_path)
    for device in ("cuda", "cuda:0", None):
        assert find_record(tmp_path, Unit("gm", None, 3), record.task, device) is not None
    with pytest.raises(
        InputError,
        match=r"gm-seed3.json was made on the device cuda:1, this is cpu: they round differently; "
        r"give another --out, or delete it, or give --device cuda:1$",
    ):
        find_record(tmp_path, Unit("gm", None, 3), record.task, "cpu")
    write_record(make_record(provenance={}), tmp_path)  # it does not tell
    assert find_record(tmp_path, Unit("gm", None, 3), record.task, "cpu") is not None
