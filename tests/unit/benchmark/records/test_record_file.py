from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import CheckError, InputError
from benchmark.records import RunRecord, Unit, digest, read_record, write_record
from benchmark.records.scores import encode_scores
from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.registry import open_space

SPACE = open_space("nb201")
MakeRecord = Callable[..., RunRecord]
NAMES = [field.name for field in dataclasses.fields(RunRecord) if field.init]

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)  # fmt: skip
MAPPINGS = st.dictionaries(st.text().map("own {}".format), PLAIN)  # not names of the schema
METHODS = st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,4})?", fullmatch=True)


def write_signed(path: Path, contents: dict[str, Any]) -> None:
    """Write contents with a checksum that holds, as anyone who knows the format could."""
    unsigned = {name: value for name, value in contents.items() if name != "sha256"}
    signed = unsigned | {"sha256": digest(unsigned)}
    path.write_text(json.dumps(signed, indent=1, sort_keys=True) + "\n")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, make_record: MakeRecord) -> Path:
    """Return a record's file with the ends that a reader could stumble over, and little else."""
    return write_record(make_record(scores=np.zeros(SIZE)), tmp_path_factory.mktemp("written"))


@given(
    method=METHODS,
    seed=st.integers(0, 2**32 - 1),
    task=MAPPINGS,
    trace=MAPPINGS,
    bits=st.integers(0, 2**32),
    protocol=st.integers(1, 5),
)
@settings(max_examples=40)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    method: str,
    seed: int,
    task: dict[str, Any],
    trace: dict[str, Any],
    bits: int,
    protocol: int,
) -> None:
    scores = np.random.default_rng(bits).integers(0, 256, SIZE * 8, np.uint8).view(np.float64)
    scores[~np.isfinite(scores)] = -0.0
    task = {**task, "preset": "ci", "space": "nb201"}
    record = RunRecord(method, seed, task, scores, {"spent": 1}, trace, {}, protocol)
    path = write_record(record, tmp_path_factory.mktemp("records"))
    assert path.name == f"{method}-seed{seed}.json"
    found = read_record(path)
    for name in NAMES:
        one, other = getattr(record, name), getattr(found, name)
        if name == "scores":
            assert one.tobytes() == other.tobytes()
        else:
            assert repr(json_sorted(one)) == repr(json_sorted(other))
    assert found.key == record.key


def json_sorted(value: Any) -> Any:
    """Return a value with its keys in order; ``repr`` then tells -0.0 from 0 and 1 from True."""
    if isinstance(value, dict):
        return {key: json_sorted(value[key]) for key in sorted(value)}
    return [json_sorted(item) for item in value] if isinstance(value, list) else value


def test_a_file_can_be_read_by_a_person(written: Path) -> None:
    lines = written.read_text().splitlines()
    assert ' "method": "gm",' in lines
    assert ' "seed": 3,' in lines
    assert '  "preset": "ci",' in lines
    names = [line[2 : line.index('"', 2)] for line in lines if line.startswith(' "')]
    assert names == sorted([*NAMES, "candidates", "format", "schema", "sha256"])


def test_the_same_record_gives_the_same_file(
    written: Path, tmp_path: Path, make_record: MakeRecord
) -> None:
    path = write_record(make_record(scores=np.zeros(SIZE)), tmp_path)
    assert path.read_bytes() == written.read_bytes()


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    task = {"preset": "ci", "space": "nb201"}
    record = RunRecord("own", 0, task, np.zeros(SIZE), {}, {"choice": None}, {})
    with pytest.raises(InputError, match=r"^trace\.choice: Expected `object`, got `null`$"):
        write_record(record, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_later_record_takes_the_place(tmp_path: Path, make_record: MakeRecord) -> None:
    write_record(make_record(), tmp_path / "new")
    path = write_record(make_record(scores=np.ones(SIZE)), tmp_path / "new")
    assert list(path.parent.iterdir()) == [path]
    assert read_record(path).scores[0] == 1


@pytest.mark.parametrize(
    ("space", "candidates"),
    [
        ("nb201", 300),
        ("nb201", [3, 7, 15_624]),
        ("macro", "all"),
        ("macro", [3, 6_560]),
        ("darts", 30),
        ("darts", [3, 10**18]),
    ],
)
def test_a_record_of_candidates_is_read(
    tmp_path: Path, make_record: MakeRecord, space: str, candidates: Any
) -> None:
    task = {"preset": "ci", "space": space, "scoring": {"candidates": candidates}}
    codes = candidate_codes(candidates, open_space(space))
    for seed in (0, 1):
        record = make_record(task=task, scores=codes / 7 - seed, seed=seed)
        path = write_record(record, tmp_path)
        found = read_record(path)
        assert found.key == record.key
        assert found.space is open_space(space)
        assert found.scores.tobytes() == record.scores.tobytes()
        assert np.array_equal(found.codes, codes)
        digest_of_codes = hashlib.sha256(b"".join(struct.pack("<q", one) for one in codes.tolist()))
        assert json.loads(path.read_text())["candidates"] == {
            "count": len(codes),
            "sha256": digest_of_codes.hexdigest(),
        }


def test_line_ends_of_windows_are_no_change(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "gm-seed3.json"
    path.write_bytes(written.read_bytes().replace(b"\n", b"\r\n"))
    assert read_record(path).key == read_record(written).key


def refusal(path: Path) -> str:
    """Return the message of the file's refusal, having checked its form."""
    with pytest.raises(InputError) as caught:
        read_record(path)
    message = str(caught.value)
    assert message.startswith(f"{path}")
    assert "\n" not in message
    assert len(message) < len(str(path)) + 200
    return message


def test_a_cut_off_file_is_refused(written: Path, tmp_path: Path) -> None:
    contents = written.read_bytes()
    path = tmp_path / "gm-seed3.json"
    ends = range(len(contents) - 20, len(contents) - 1)  # the last byte is a line end
    for length in [*range(0, len(contents), 9), *ends]:
        path.write_bytes(contents[:length])
        message = refusal(path)
        assert "is no run record, or it was cut off or damaged; delete it and run" in message


def test_a_changed_byte_is_refused(written: Path, tmp_path: Path) -> None:
    contents = written.read_bytes()
    path = tmp_path / "gm-seed3.json"
    random = np.random.default_rng(0)
    for place in range(0, len(contents), 3):
        changed = bytearray(contents)
        changed[place] ^= int(random.integers(1, 256))
        path.write_bytes(changed)
        try:
            found = read_record(path)
        except InputError:
            refusal(path)
        else:  # a blank more or less is no change
            assert bytes(changed).split() == contents.split()
            assert found.key == read_record(written).key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"seed": 3', '"seed": 4'),
        ('"dirty": false', '"dirty": true'),
        ('"dirty": false', '"dirty": false,\n  "dirty": true'),
        ('"preset": "ci"', '"preset": "ci", "more": 1'),
        ('"restart": null', '"restart": 0'),
    ],
)
def test_a_change_by_hand_is_refused(written: Path, tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "gm-seed3.json"
    text = written.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    assert "was changed after it was written (its checksum does not hold); delete" in refusal(path)


@pytest.mark.parametrize(
    "text",
    ["", "gm", "\xff", "NaN", '{"a": Infinity}', '{"a": 1e999}', "[" * 100_000, "9" * 5000],
)
def test_what_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gm-seed3.json"
    path.write_bytes(text.encode("latin-1"))
    assert "is no run record" in refusal(path)


@pytest.mark.parametrize("text", ["{}", "[]", "null", "3", '{"format": "another"}'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gm-seed3.json"
    path.write_text(text)
    assert refusal(path).endswith("is no run record; name a file that nasbench run wrote")


def test_a_newer_schema_is_refused(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "gm-seed3.json"
    write_signed(path, json.loads(written.read_text()) | {"schema": 4, "new": "thing"})
    assert "has schema 4, this version of nasbench-suite reads 3; delete it" in refusal(path)


@pytest.mark.parametrize("schema", [None, 0, 1, 2, "3", [3]])
def test_another_schema_is_refused(written: Path, tmp_path: Path, schema: Any) -> None:
    path = tmp_path / "gm-seed3.json"
    write_signed(path, json.loads(written.read_text()) | {"schema": schema})
    assert f"has schema {schema!r}, this version of nasbench-suite reads 3; " in refusal(path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"method": "../gm"}, "method is '../gm'"),
        ({"task": []}, "task is a list: it must be a mapping"),
        ({"task": {"preset": "ci"}}, 'task names no search space: give it as "space"'),
        ({"task": {"preset": "ci", "space": None}}, "task names no search space"),
        ({"task": {"preset": "ci", "space": "nb2O1"}}, "unknown space 'nb2O1': did you mean"),
        ({"task": {"preset": "ci", "space": "macro"}}, "its candidates are not those that its"),
        (
            {"task": {"preset": "ci", "space": "nb201", "scoring": {"candidates": 300}}},
            "its candidates are not those that its task names",
        ),
        (
            {"task": {"preset": "ci", "space": "nb201", "scoring": {"candidates": [[1], [2, 3]]}}},
            "task.scoring.candidates[0]: Expected `int`, got `array`",
        ),
        ({"candidates": None}, "its candidates are not those that its task names"),
        ({"candidates": {"count": SIZE}}, "its candidates are not those that its task names"),
        (
            {"candidates": {"count": SIZE, "sha256": "0" * 64}},
            "its candidates are not those that its task names",
        ),
        ({"trace": {"leaves": 3}}, "trace.leaves: Expected `array`, got `int`"),
        ({"scores": None}, "the scores cannot be unpacked"),
        ({"scores": {"type": "float32", "data": ""}}, "the scores are not 15,625 numbers"),
        (
            {"scores": encode_scores(np.full(SIZE, np.nan), np.arange(SIZE), SPACE)},
            "15,625 of 15,625 scores are not fin",
        ),
        (
            {"scores": encode_scores(np.full(SIZE, np.inf), np.arange(SIZE), SPACE)},
            "15,625 of 15,625 scores are not fin",
        ),
    ],
)
def test_a_checksum_does_not_excuse_a_wrong_part(
    written: Path, tmp_path: Path, change: dict[str, Any], fault: str
) -> None:
    path = tmp_path / "gm-seed3.json"
    write_signed(path, json.loads(written.read_text()) | change)
    message = refusal(path)
    assert f"{path}: {fault}" in message
    assert message.endswith("; delete it and run its method and seed again")


@pytest.mark.parametrize("name", [*NAMES, "candidates"])
def test_a_checksum_does_not_excuse_a_missing_part(
    written: Path, tmp_path: Path, name: str
) -> None:
    contents = json.loads(written.read_text())
    del contents[name]
    path = tmp_path / "gm-seed3.json"
    write_signed(path, contents)
    assert refusal(path) == f"{path} has no {name}; delete it and run its method and seed again"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*gone.json: No such file or directory$"):
        read_record(tmp_path / "gone.json")
    with pytest.raises(InputError, match=r"^cannot read .*: Is a directory$"):
        read_record(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_one_line(tmp_path: Path, make_record: MakeRecord) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CheckError, match=r"^cannot write .*gm-seed3.json: Permission denied$"):
        write_record(make_record(), tmp_path)


def test_a_file_where_the_folder_should_be_is_one_line(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(CheckError, match=r"^cannot write .*: (File exists|Not a directory)$"):
        write_record(make_record(), tmp_path / "runs")


@pytest.mark.parametrize(("method", "seed"), [("../gm", 3), ("a/b", 3), ("", 3), ("gm", -1)])
def test_a_name_stays_in_its_folder(method: str, seed: int) -> None:
    with pytest.raises(InputError):
        Unit(method, None, seed)


def test_reading_records_needs_no_torch() -> None:
    program = "import sys, benchmark.records; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
