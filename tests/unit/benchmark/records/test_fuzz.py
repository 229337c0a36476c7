"""Records, baselines and manifests that were edited: refused in a line, or harmless.

What the reader lets through must not trip who works with it: the verification, and the tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.regression import read_baseline
from analysis.report import make_report, read_study
from analysis.report.figures import FIGURES
from analysis.report.tables.catalogue import TABLES
from analysis.tables import MethodComparison
from benchmark.app.checking import Checks
from benchmark.app.checking.record_checks import check_record
from benchmark.errors import InputError, NasbenchError
from benchmark.records import Manifest, manifest_path, read_manifest, read_record, write_manifest
from benchmark.records.json_values import digest
from benchmark.truth import AccuracyKey, TruthTable, open_table
from tests.command_line import ROOT
from tests.fuzzing import bounded, cases, changed, timed

FUZZ = settings(
    max_examples=cases(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
GM = json.loads((ROOT / "results" / "laptop" / "gm-seed0.json").read_text("utf-8"))
FEW = json.loads((ROOT / "results" / "laptop" / "few-shot-seed0.json").read_text("utf-8"))
BASELINE = json.loads((ROOT / "results" / "baselines" / "ci.json").read_text("utf-8"))
KEY = AccuracyKey("cifar10", "test", 200)
POINTS = [{"spent": 64_000 * part, "scores": [1.0, 2.0, 2.5]} for part in (1, 2, 3)]
TRAJECTORY = {"codes": [0, 7, 15_624], "points": POINTS}
READ_TRACES = (
    {name: TABLES[name] for name in ("outcome", "budget", "runs")},
    {
        name: FIGURES[name]
        for name in ("losses", "tau-over-budget", "best-over-budget", "distances", "splits")
    },
)
SPLINTERS = [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b"1e999", b"NaN", b"\xff"]


@pytest.fixture(autouse=True)
def _bounds() -> Iterator[None]:
    with bounded():
        yield


@pytest.fixture(scope="module")
def truth() -> TruthTable:
    return open_table("analog-nasbench")


def signed(contents: Any) -> bytes:
    """Return the text of contents with a checksum that holds, where they can have one."""
    if not isinstance(contents, dict):
        return json.dumps(contents).encode()
    unsigned = {name: value for name, value in contents.items() if name != "sha256"}
    text = json.dumps(unsigned | {"sha256": digest(unsigned)}, indent=1, sort_keys=True)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def refused(read: Callable[[Path], object], path: Path) -> bool:
    """Return whether a reader refuses a file; if so, in one line."""
    message = ""
    try:
        with timed():
            read(path)
    except InputError as error:
        message = str(error)
    assert "\n" not in message
    assert len(message) < len(str(path)) + 1_000
    return bool(message)


@FUZZ
@given(data=st.data())
def test_a_record_with_edits_and_a_new_checksum(
    tmp_path: Path, truth: TruthTable, data: st.DataObject
) -> None:
    path = tmp_path / "gm-seed0.json"
    path.write_bytes(signed(data.draw(st.sampled_from([GM, FEW]).flatmap(changed))))
    if not refused(read_record, path):
        record = read_record(path)
        checks = Checks()
        with timed():
            check_record(record, path.name, checks)
        assert all("\n" not in str(finding) for finding in checks.findings)
        try:
            made = MethodComparison([record], truth, KEY, [record.method])
            assert made.runs["seed"].tolist() == [record.seed]
        except NasbenchError:
            pass


@pytest.mark.nightly
@settings(FUZZ, max_examples=cases(20))  # drawing takes its time
@given(data=st.data())
def test_a_report_of_a_trace_with_edits_and_a_new_checksum(
    tmp_path: Path, truth: TruthTable, data: st.DataObject
) -> None:
    path = tmp_path / "gm-seed0.json"
    parts = {name: GM[name] for name in ("trace", "task", "budget", "provenance")}
    parts["trace"] = parts["trace"] | {"trajectory": TRAJECTORY}
    contents = data.draw(changed(parts))
    path.write_bytes(signed(GM | contents if isinstance(contents, dict) else contents))
    with pytest.MonkeyPatch.context() as patch, timed():
        patch.setattr("analysis.report.tables.catalogue.TABLES", READ_TRACES[0])
        patch.setattr("analysis.report.tables.catalogue.FIGURES", READ_TRACES[1])
        with suppress(NasbenchError):
            study = read_study(tmp_path, truth, KEY, order=["gm"], references=[])
            for captioned in make_report(study).figures.values():
                captioned.figure.draw_without_rendering()


@settings(FUZZ, max_examples=cases(15))
@given(data=st.data())
def test_a_baseline_with_edits_and_a_new_checksum(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "ci.json"
    path.write_bytes(signed(data.draw(changed(BASELINE))))
    refused(read_baseline, path)


@FUZZ
@given(data=st.data())
def test_a_manifest_with_edits_and_a_new_checksum(tmp_path: Path, data: st.DataObject) -> None:
    path = manifest_path(tmp_path, "gm")
    write_manifest(Manifest({"gm-seed0.json": "0" * 64, "gm.csv": "1" * 64}, *"abcde"), path)
    path.write_bytes(signed(data.draw(changed(json.loads(path.read_text())))))
    if not refused(read_manifest, path):
        assert all((tmp_path / name).parent == tmp_path for name in read_manifest(path).files)


@FUZZ
@given(
    start=st.integers(0, 5_000),
    length=st.integers(0, 40),
    put=st.binary(max_size=40)
    | st.sampled_from(
        [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b"1e999", b"NaN", b"\xff"]
    ),
    signs=st.sampled_from(["gm", "baseline"]),
)
def test_any_other_bytes(tmp_path: Path, start: int, length: int, put: bytes, signs: str) -> None:
    read, whole = {"gm": (read_record, GM), "baseline": (read_baseline, BASELINE)}[signs]
    text = signed(whole)
    path = tmp_path / "damaged.json"
    path.write_bytes(text[:start] + put + text[start + length :])
    if not refused(read, path):  # a blank more or less is no change
        assert json.loads(path.read_bytes()) == whole


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "gm-seed0.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole, which takes no room
    for read in (read_record, read_baseline, read_manifest):
        with pytest.raises(InputError, match=r"gm-seed0.json has more than 64 MB: it is no "):
            read(path)
