"""What is written is read back, measures the same, and cannot be altered by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.metrics.ranking import METRICS
from analysis.regression import Baseline, read_baseline, write_baseline
from analysis.tables import evaluate
from benchmark.errors import CheckError, InputError
from benchmark.records import RunRecord, digest
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, TruthTable

SPACE = open_space("nb201")

MakeRuns = Callable[..., list[RunRecord]]
MakeBaseline = Callable[..., Baseline]


@pytest.fixture
def baseline(make_runs: MakeRuns, make_baseline: MakeBaseline) -> Baseline:
    return make_baseline([*make_runs("one-shot"), *make_runs("gm")])


@pytest.fixture
def path(baseline: Baseline, table: TruthTable, tmp_path: Path) -> Path:
    write_baseline(baseline, tmp_path / "b.json", table)
    return tmp_path / "b.json"


def test_what_was_written_is_read(
    baseline: Baseline, path: Path, table: TruthTable, key: AccuracyKey
) -> None:
    found = read_baseline(path)
    assert (found.truth, found.gates, found.alpha) == (baseline.truth, baseline.gates, 0.05)
    assert [record.key for record in found.records] == sorted(r.key for r in baseline.records)
    assert list(found.methods) == ["gm", "one-shot"]
    before, after = (
        evaluate([run for runs in b.methods.values() for run in runs.values()], table, key)
        for b in (baseline, found)
    )
    # every metric, not only the gated ones, to the last bit
    assert after[list(METRICS)].equals(before[list(METRICS)])
    for run in found.records:
        old = baseline.methods[run.method][run.seed]
        assert (run.task, run.budget, run.provenance) == (old.task, old.budget, old.provenance)


def test_the_same_runs_make_the_same_file(
    baseline: Baseline, path: Path, table: TruthTable, tmp_path: Path
) -> None:
    shuffled = replace(baseline, records=baseline.records[::-1])
    write_baseline(shuffled, tmp_path / "again.json", table)
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    write_baseline(read_baseline(path), tmp_path / "copy.json", table)
    assert (tmp_path / "copy.json").read_bytes() == path.read_bytes()


def test_a_reader_sees_the_gated_metrics(
    baseline: Baseline, path: Path, table: TruthTable, key: AccuracyKey
) -> None:
    shown = json.loads(path.read_text())["methods"]["gm"]["runs"][2]
    row = evaluate([baseline.methods["gm"][2]], table, key).iloc[0]
    assert shown["seed"] == 2
    assert shown["metrics"] == pytest.approx(
        {name: row[name] for name in ("kendall_tau", "best_of_top_10")}, abs=1e-6
    )


def test_line_ends_of_windows_do_not_matter(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read_baseline(path).records) == 10


def signed(contents: dict[str, Any]) -> str:
    del contents["sha256"]
    return json.dumps(contents | {"sha256": digest(contents)}, indent=1, sort_keys=True) + "\n"


def changed(path: Path, change: Callable[[dict[str, Any]], object], *, sign: bool) -> None:
    contents = json.loads(path.read_text())
    change(contents)
    text = signed(contents) if sign else json.dumps(contents, indent=1, sort_keys=True) + "\n"
    path.write_text(text)


@pytest.mark.parametrize(
    ("change", "sign", "message"),
    [
        (lambda c: c["gates"].update(kendall_tau=9.0), False, "was changed after it was written"),
        (
            lambda c: c.update(schema=99),
            False,
            "has schema 99, this version of nasbench-suite reads 2",
        ),
        (lambda c: c.update(format="other"), True, "is no baseline; name a file"),
        (lambda c: c.pop("truth"), True, "lacks a part of a baseline: 'truth'"),
        (lambda c: c["truth"].update(colour="red"), True, "lacks a part of a baseline"),
        (lambda c: c.update(methods=[]), True, "lacks a part of a baseline"),
        (lambda c: c["gates"].pop("kendall_tau"), True, "no gate on the ranking"),
        (lambda c: c["methods"]["gm"]["runs"].pop(), True, "gm has 4 seeds.*run at least 5"),
        (lambda c: c["methods"]["gm"]["runs"][0].update(ranks="AAAA"), True, "the ranks cannot"),
        (lambda c: c["methods"]["gm"]["runs"][0].update(seed=1), True, "gm seed 1 is given tw"),
    ],
)
def test_other_files_are_refused(
    path: Path, change: Callable[[dict[str, Any]], object], sign: bool, message: str
) -> None:
    changed(path, change, sign=sign)
    with pytest.raises(InputError, match=message):
        read_baseline(path)


def test_a_file_that_is_cut_off_or_absent(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="is no baseline, or it was cut off or damaged"):
        read_baseline(path)
    path.unlink()
    with pytest.raises(InputError, match=r"no baseline .*b\.json: make it with"):
        read_baseline(path)
    with pytest.raises(InputError, match=r"cannot read .*: Is a directory"):
        read_baseline(path.parent)


def test_an_undefined_metric_makes_no_baseline(
    make_runs: MakeRuns, make_baseline: MakeBaseline, table: TruthTable, tmp_path: Path
) -> None:
    runs = make_runs("gm")
    runs[3] = replace(runs[3], scores=np.zeros(SPACE.size))
    with pytest.raises(InputError, match="gm seed 3 leaves kendall_tau undefined"):
        write_baseline(make_baseline(runs), tmp_path / "b.json", table)
    assert list(tmp_path.iterdir()) == []


def test_runs_that_cannot_be_compared_make_no_baseline(
    make_runs: MakeRuns, make_baseline: MakeBaseline
) -> None:
    with pytest.raises(InputError, match="there are no run records"):
        make_baseline([])
    with pytest.raises(InputError, match="differ in preset"):
        make_baseline(
            [*make_runs("gm"), *make_runs("one-shot", task={"preset": "laptop", "space": "nb201"})]
        )
    with pytest.raises(InputError, match="gm has 3 seeds"):
        make_baseline(make_runs("gm", range(3)))
    with pytest.raises(InputError, match="no gate on the chosen architecture"):
        make_baseline(make_runs("gm"), gates={"kendall_tau": 0.1})


def test_a_file_that_cannot_be_written(
    baseline: Baseline, table: TruthTable, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckError, match="cannot write"):
        write_baseline(baseline, tmp_path / "file" / "b.json", table)
