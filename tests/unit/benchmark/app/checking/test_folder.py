"""What somebody changed is found, even where they signed the file again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.app.checking import Checks, TableChoice, verify_folder
from benchmark.files import sha256
from benchmark.records import (
    manifest_path,
    read_manifest,
    read_record,
    write_manifest,
    write_record,
)
from benchmark.spaces.nb201 import live_codes
from benchmark.truth import AccuracyKey, open_table
from benchmark.truth.files.library import table_path
from benchmark.truth.files.nbtable import write_table
from tests.command_line import Called, nasbench
from tests.forging import Change, resign

pytestmark = pytest.mark.slow  # half a second each, and there are many
KEY = AccuracyKey("cifar10", "test", 200)


def findings(folder: Path, accuracies: Path) -> list[str]:
    checks = Checks()
    verify_folder(folder, TableChoice(str(accuracies)), checks)
    return [str(finding) for finding in checks.findings]


def forget(folder: Path) -> None:
    """Take the manifest away, so that only the files speak."""
    manifest_path(folder, "comparison").unlink()


def remake_manifest(folder: Path) -> None:
    """List the files anew, as a forger would who knows of the manifest."""
    path = manifest_path(folder, "comparison")
    kept = read_manifest(path)
    files = {name: sha256(folder / name) for name in kept.files if (folder / name).exists()}
    write_manifest(replace(kept, files=files), path)


def verify(*arguments: str | Path) -> Called:
    called = nasbench("verify", *arguments)
    assert "Traceback" not in called.err
    return called


def test_what_nobody_touched_holds(honest: Path, accuracies: Path) -> None:
    called = verify(honest, "--table", accuracies)
    assert (called.code, called.err) == (0, "")
    assert f"{honest}: 9 runs, all " in called.out


def test_the_table_must_be_named_where_it_is_a_file(honest: Path) -> None:
    called = verify(honest)
    assert (called.code, called.out) == (2, "")
    assert called.err == (
        f"nasbench: {honest / 'comparison.csv'} was held against table invented: "
        "name its file with --table\n"
    )


def test_no_file_is_opened_that_a_stranger_names(
    runs: Path, accuracies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = runs / "comparison.csv"
    path.write_text(path.read_text("utf-8").replace("invented", str(accuracies)), "utf-8")
    opened: list[object] = []
    monkeypatch.setattr("benchmark.app.checking.comparison.open_table", opened.append)
    called = verify(runs)
    assert called.code == 1  # the manifest lists another file
    assert f"was held against table {str(accuracies)[:80]}" in called.err
    assert not opened


def test_an_import_whose_name_looks_like_a_path_is_no_path(
    honest: Path, accuracies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    runs = Path(shutil.copytree(honest, tmp_path / "runs"))
    forget(runs)
    path = runs / "comparison.csv"
    path.write_text(path.read_text("utf-8").replace("invented", "a.csv"), "utf-8")
    (tmp_path / "a.csv").write_text("arch\n")
    write_table(replace(open_table(accuracies), name="a.csv"), table_path("a.csv"))
    checks = Checks()
    verify_folder(runs, TableChoice(), checks)
    assert not any(finding.where == "table a.csv" for finding in checks.findings)


def test_what_is_forged_is_told_where_the_table_is_missing_too(runs: Path) -> None:
    resign(runs / "gm-seed0.json", lambda it: it["budget"].update(spent=7))
    called = verify(runs)
    assert called.code == 1
    assert "gm-seed0.json: its parts sum to 600 images, it says 7 were spent" in called.out
    assert "was held against table invented: name its file with --table" in called.err


def test_nothing_is_downloaded_to_verify(
    runs: Path, accuracies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "benchmark.images.finding.Remote.download", lambda *_: pytest.fail("loaded")
    )
    for path in runs.glob("*-seed*.json"):
        data = {"dataset": "cifar10", "noise": 0.0, "resolution": 32}
        resign(path, lambda it, data=data: it["task"]["data"].update(data))  # type: ignore[misc]
    remake_manifest(runs)
    called = verify(runs, "--table", accuracies, "--data", tmp_path / "none")
    assert called.code == 0, called.out
    assert (
        f"note: params-seed0.json was not run again: no cifar10 in {tmp_path / 'none'}, name its "
        "folder with --data" in called.err
    )


def test_one_changed_score_in_the_text(runs: Path, accuracies: Path) -> None:
    path = runs / "gm-seed0.json"
    text = path.read_text()
    place = text.index('"data": "') + 2000
    other = "A" if text[place] != "A" else "B"
    path.write_text(text[:place] + other + text[place + 1 :])
    called = verify(runs, "--table", accuracies)
    assert called.code == 1
    assert "gm-seed0.json was changed after it was written" in called.out
    assert "gm-seed0.json: it is not the file that comparison.manifest.json lists" in called.out


@pytest.mark.parametrize("code", [5, 781, 15_624])
def test_one_changed_score_that_was_signed_again(runs: Path, accuracies: Path, code: int) -> None:
    record = read_record(runs / "gm-seed0.json")
    scores = record.scores.copy()
    scores[code] = np.nextafter(scores[code], -np.inf)
    write_record(replace(record, scores=scores), runs)
    assert "gm-seed0.json: it is not the file that comparison.manifest.json lists" in findings(
        runs, accuracies
    )


def test_one_changed_score_of_a_function_that_has_several(runs: Path, accuracies: Path) -> None:
    code = int(np.flatnonzero(live_codes() != np.arange(15_625))[7])
    record = read_record(runs / "one-shot-seed1.json")
    scores = record.scores.copy()
    scores[code] = np.nextafter(scores[code], -np.inf)
    write_record(replace(record, scores=scores), runs)
    remake_manifest(runs)
    assert findings(runs, accuracies)[0] == (
        "one-shot-seed1.json: 1 architectures have another score than the same function without "
        "its dead edges"
    )


def test_a_changed_score_changes_the_metrics(runs: Path, accuracies: Path) -> None:
    record = read_record(runs / "one-shot-seed1.json")
    worst, best = record.scores.argmin(), record.scores.max()
    scores = record.scores.copy()
    scores[live_codes() == live_codes()[worst]] = best * (1 - 1e-9)
    write_record(replace(record, scores=scores), runs)
    forget(runs)
    found = findings(runs, accuracies)
    assert any("comparison.csv: kendall_tau_mean of one-shot is " in line for line in found)


@pytest.mark.parametrize("where", ["file", "import"])
def test_one_changed_accuracy_in_a_table(
    honest: Path, accuracies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    table = open_table(accuracies)
    path = tmp_path / "invented.nbtable" if where == "file" else table_path("invented")
    write_table(table, path)
    named = path if where == "file" else "invented"
    assert verify(honest, "--table", named).code == 0

    column = table.accuracy(KEY).copy()
    column[7_000] += 0.01
    write_table(replace(table, accuracies={KEY: column}), path)  # its checksum holds
    called = verify(honest, "--table", named)
    assert called.code == 1
    assert (
        "comparison.csv: cifar10_test_200 of table invented is not the truth that it was held "
        "against" in called.out
    )

    contents = bytearray(path.read_bytes())
    place = contents.index(np.array(column[7_000]).tobytes())
    contents[place] ^= 1
    path.write_bytes(contents)
    called = verify(honest, "--table", named)
    assert called.code == 1
    assert "is damaged (its checksum does not hold)" in called.out


def test_a_built_in_table_that_was_changed_in_the_cache(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    table = open_table("analog-nasbench")
    (path,) = (tmp_path / "cache").glob("*.nbtable")
    column = table.accuracy(KEY).copy()
    column[7_000] += 0.01
    write_table(replace(table, accuracies={KEY: column}), path)
    assert (
        "table analog-nasbench: its cifar10_test_200 is not that of analognasbench/data.anb: "
        in (verify(runs, "--table", "analog-nasbench").out)
    )


def swap(folder: Path, method: str) -> None:
    """Let the runs of two seeds change places."""
    one, other = (read_record(folder / f"{method}-seed{seed}.json") for seed in (0, 1))
    write_record(replace(one, seed=1), folder)
    write_record(replace(other, seed=0), folder)


@pytest.mark.parametrize("method", ["one-shot", "few-shot", "gm", "random"])
def test_a_swapped_seed_that_was_signed_again(runs: Path, accuracies: Path, method: str) -> None:
    swap(runs, method)
    remake_manifest(runs)
    found = findings(runs, accuracies)
    for seed in (0, 1):
        assert any(
            line.startswith(f"{method}-seed{seed}.json: its stream '")
            and line.endswith(f"' is not that of seed {seed}")
            for line in found
        )


def test_a_random_run_of_another_seed_is_found_without_its_streams(
    runs: Path, accuracies: Path
) -> None:
    swap(runs, "random")
    for seed in (0, 1):
        resign(runs / f"random-seed{seed}.json", lambda it: it["provenance"].pop("streams"))
    remake_manifest(runs)
    assert "random-seed0.json: its scores are not those that random gives at seed 0" in findings(
        runs, accuracies
    )


def test_a_file_under_another_seed(runs: Path, accuracies: Path) -> None:
    one, other = (runs / f"gm-seed{seed}.json" for seed in (0, 1))
    one.rename(runs / "kept")
    other.rename(one)
    (runs / "kept").rename(other)
    forget(runs)
    found = findings(runs, accuracies)
    assert any("holds what belongs in gm-seed1.json" in line for line in found)


def test_a_run_that_was_copied_to_another_seed(runs: Path, accuracies: Path) -> None:
    write_record(replace(read_record(runs / "gm-seed0.json"), seed=1), runs)
    resign(runs / "gm-seed1.json", lambda it: it["provenance"].pop("streams"))
    remake_manifest(runs)
    assert "gm-seed1.json: another seed of the method has the very same scores" in findings(
        runs, accuracies
    )


@pytest.mark.parametrize("name", ["comparison.csv", "comparison.md"])
def test_a_forged_metric(runs: Path, accuracies: Path, name: str) -> None:
    path = runs / name
    text = path.read_text("utf-8")
    place = text.index("0.", text.index("gm")) + 3
    digit = "1" if text[place] != "1" else "2"
    path.write_text(text[:place] + digit + text[place + 1 :], "utf-8")
    assert f"{name}: it is not the file that comparison.manifest.json lists" in findings(
        runs, accuracies
    )
    remake_manifest(runs)
    (found,) = findings(runs, accuracies)
    assert found.startswith(f"{name}: ")
    forget(runs)
    assert findings(runs, accuracies) == [found]


@pytest.mark.parametrize("name", ["gm-seed1.json", "comparison.csv", "comparison.png"])
def test_a_missing_file(runs: Path, accuracies: Path, name: str) -> None:
    (runs / name).unlink()
    called = verify(runs, "--table", accuracies)
    assert called.code == 1
    assert f"{name}: it is missing, comparison.manifest.json lists it" in called.out


def test_a_missing_record_is_missed_without_a_manifest(runs: Path, accuracies: Path) -> None:
    (runs / "gm-seed1.json").unlink()
    forget(runs)
    called = verify(runs, "--table", accuracies)
    assert called.code == 1
    assert "comparison.csv: runs of gm is 2, its records and the truth give 1" in called.out
    assert f"note: {runs} has no manifest: a file that is gone may not be missed" in called.err


def test_no_folder_and_no_records(tmp_path: Path) -> None:
    assert verify(tmp_path / "none").code == 2
    called = verify(tmp_path)
    assert (called.code, called.out) == (2, "")
    assert f"{tmp_path} holds no run records" in called.err


def test_folders_inside_are_checked_too(runs: Path, tmp_path: Path, accuracies: Path) -> None:
    shutil.copytree(runs, tmp_path / "all" / "inner")
    outer = tmp_path / "all"
    assert verify(outer, "--table", accuracies).code == 0
    (outer / "inner" / "gm-seed0.json").unlink()
    assert verify(outer, "--table", accuracies).code == 1


def test_a_manifest_cannot_lead_out_of_its_folder(runs: Path, accuracies: Path) -> None:
    secret = os.path.relpath("/etc/passwd", runs)
    resign(manifest_path(runs, "comparison"), lambda it: it["files"].update({secret: "0" * 64}))
    (found,) = (line for line in findings(runs, accuracies) if "manifest" in line)
    assert "name a file beside it" in found


def put(*path: Any, value: Any) -> Change:
    """Return a change that puts a value into nested contents."""

    def change(contents: Any) -> None:
        *folders, last = path
        for one in folders:
            contents = contents[one]
        contents[last] = value(contents[last]) if callable(value) else value

    return change


FORGERIES: dict[str, tuple[str, Change, str]] = {
    "a part of the budget": (
        "one-shot",
        put("budget", "parts", "shared training", value=596),
        "its parts sum to 596 images, it says 600 were spent",
    ),
    "less spent": (
        "few-shot",
        lambda it: (
            put("budget", "parts", "leaf training", value=lambda images: images - 8)(it),
            put("budget", "spent", value=lambda images: images - 8)(it),
        ),
        "it left 8 images, more than a step of 4",
    ),
    "more spent than there was": (
        "one-shot",
        lambda it: (
            put("budget", "parts", "shared training", value=604)(it),
            put("budget", "spent", value=604)(it),
        ),
        "it spent 604 of 600 images",
    ),
    "another budget": ("gm", put("budget", "budget", value=601), "its budget is 601 images"),
    "no images": (
        "gm",
        put("budget", "scored", value=0),
        "it passed 0 images to score",
    ),
    "a part of a step": (
        "few-shot",
        lambda it: (
            put("budget", "parts", "leaf training", value=lambda images: images - 2)(it),
            put("budget", "parts", "gradient matching", value=2)(it),
        ),
        "a part is no multiple of the 4 images of a step",
    ),
    "a split of another edge": (
        "few-shot",
        put("trace", "splits", 0, "edge", value="0→2"),
        "root is split on 0→2, not on 0→1",
    ),
    "leaves that no split leads to": (
        "gm",
        put("trace", "leaves", 0, "node", value="root.7"),
        "its leaves are not what its splits lead to",
    ),
    "a leaf that holds less": (
        "gm",
        put("trace", "leaves", 0, "operations", 5, value=["none"]),
        "architectures are not in exactly one leaf",
    ),
    "a leaf that says less": (
        "gm",
        put("trace", "leaves", 0, "architectures", value=7),
        "it says 7",
    ),
    "groups that its distances do not give": (
        "gm",
        put("trace", "splits", 0, "groups", value=lambda groups: groups[::-1]),
        "root is split on ",
    ),
    "distances that do not give its groups": (
        "gm",
        put(
            *("trace", "splits", 0, "distances"),
            value=lambda distances: {edge: (1 - np.eye(5)).tolist() for edge in distances},
        ),
        "its distances say ",
    ),
    "a sum of distances": ("gm", put("trace", "splits", 0, "separated", value=9.0), "it says 9"),
    "steps of a leaf": (
        "few-shot",
        put("trace", "leaves", 0, "steps", value=lambda steps: steps + 1),
        " steps behind them, ",
    ),
    "shares of the steps": (
        "few-shot",
        lambda it: (
            put("trace", "leaves", 0, "steps", value=lambda steps: steps + 5)(it),
            put("trace", "leaves", 1, "steps", value=lambda steps: steps - 5)(it),
        ),
        "its leaves were not trained for as many steps each",
    ),
    "a text for a number": ("gm", put("budget", "spent", value="600"), "budget"),
    "a list for a mapping": ("gm", put("trace", "leaves", value=[1, 2]), "trace"),
    "nothing": ("gm", put("trace", "splits", value=None), "trace"),
    "another image": ("gm", put("provenance", "images", value="0" * 64), "different images"),
    "no weights": (
        "gm",
        lambda it: it["provenance"]["streams"].pop("initial weights"),
        "it did not start from the weights and batches of its seed",
    ),
    "another task": ("gm", put("task", "network", "cells", value=2), "compare runs of one task"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_record_that_was_signed_again(runs: Path, accuracies: Path, forgery: str) -> None:
    method, change, fault = FORGERIES[forgery]
    resign(runs / f"{method}-seed1.json", change)
    remake_manifest(runs)
    found = findings(runs, accuracies)
    assert any(fault in line for line in found), found
    assert all("\n" not in line for line in found)


@pytest.mark.parametrize("restart", ["always", "last"])
def test_what_starts_anew_holds_as_well(
    tmp_path: Path, make_preset: Callable[..., Path], restart: str
) -> None:
    preset = make_preset(restart=json.dumps(restart))
    arguments = ("run", "--method", "gm", "--seeds", "1,", "--jobs", "1", "--preset", preset)
    assert nasbench(*arguments, "--out", tmp_path / "runs").code == 0
    called = verify(tmp_path / "runs")
    assert called.code == 0, called.out
