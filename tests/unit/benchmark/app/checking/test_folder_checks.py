"""A folder of records that was changed is found, even where its files were signed again."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

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
from benchmark.truth.files.cache import table_path
from benchmark.truth.files.nbtable import write_table
from tests.command_line import Called, nasbench
from tests.forging import resign

KEY = AccuracyKey("cifar10", "test", 200)


def findings(folder: Path, accuracies: Path) -> list[str]:
    checks = Checks()
    verify_folder(folder, TableChoice(str(accuracies)), checks)
    return checks.findings


def remake_manifest(folder: Path) -> None:
    """List the files anew, as a forger would who knows of the manifest."""
    path = manifest_path(folder, "comparison")
    manifest = read_manifest(path)
    files = {name: sha256(folder / name) for name in manifest.files if (folder / name).exists()}
    write_manifest(replace(manifest, files=files), path)


def verify(*arguments: str | Path) -> Called:
    called = nasbench("verify", *arguments)
    assert "Traceback" not in called.err
    return called


def test_an_honest_folder_holds(honest: Path, accuracies: Path) -> None:
    called = verify(honest, "--table", accuracies)
    assert (called.code, called.err) == (0, "")
    assert f"{honest}: 7 runs, all " in called.out


def test_the_table_must_be_named_where_it_is_a_file(honest: Path) -> None:
    called = verify(honest)
    assert (called.code, called.out) == (2, "")
    assert called.err == (
        f"nasbench: {honest / 'comparison.csv'} was judged by table invented: "
        "name its file with --table\n"
    )


def test_no_file_is_opened_that_a_comparison_names(
    runs: Path, accuracies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = runs / "comparison.csv"
    path.write_text(path.read_text("utf-8").replace("invented", str(accuracies)), "utf-8")
    opened: list[object] = []
    monkeypatch.setattr("benchmark.app.checking.comparison_checks.open_table", opened.append)
    called = verify(runs)
    assert called.code == 1  # the manifest lists another file
    assert f"was judged by table {str(accuracies)[:80]}" in called.err
    assert not opened


def test_an_import_whose_name_looks_like_a_path_is_no_path(
    runs: Path, accuracies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    path = runs / "comparison.csv"
    path.write_text(path.read_text("utf-8").replace("invented", "a.csv"), "utf-8")
    (runs / "comparison.md").unlink()
    manifest_path(runs, "comparison").unlink()
    (tmp_path / "a.csv").write_text("arch\n")
    table = open_table(accuracies, allow_subset=True)
    write_table(replace(table, name="a.csv"), table_path("a.csv"))
    checks = Checks()
    verify_folder(runs, TableChoice(), checks)
    assert (checks.findings, checks.missing) == ([], [])


def test_a_forged_record_is_found_where_the_table_is_missing_too(runs: Path) -> None:
    resign(runs / "gm-seed0.json", lambda it: it["budget"].update(spent=7))
    called = verify(runs)
    assert called.code == 1
    assert "gm-seed0.json: its parts sum to 600 images, it says 7 were spent" in called.out
    assert "was judged by table invented: name its file with --table" in called.err


def test_one_changed_character_in_a_file(runs: Path, accuracies: Path) -> None:
    path = runs / "gm-seed0.json"
    text = path.read_text()
    place = text.index('"data": "') + 2000
    other = "A" if text[place] != "A" else "B"
    path.write_text(text[:place] + other + text[place + 1 :])
    called = verify(runs, "--table", accuracies)
    assert called.code == 1
    assert "gm-seed0.json was changed after it was written" in called.out
    assert "gm-seed0.json: it is not the file that comparison.manifest.json lists" in called.out


@pytest.mark.parametrize("place", [5, 299])
def test_one_changed_score_that_was_signed_again(runs: Path, accuracies: Path, place: int) -> None:
    record = read_record(runs / "gm-seed0.json")
    scores = record.scores.copy()
    scores[place] = np.nextafter(scores[place], -np.inf)
    write_record(replace(record, scores=scores), runs)
    message = "gm-seed0.json: it is not the file that comparison.manifest.json lists"
    assert message in findings(runs, accuracies)


def test_a_changed_score_changes_the_metrics(runs: Path, accuracies: Path) -> None:
    record = read_record(runs / "one-shot-seed1.json")
    live = live_codes(record.codes)
    scores = record.scores.copy()
    scores[live == live[scores.argmin()]] = scores.max() * (1 - 1e-9)
    write_record(replace(record, scores=scores), runs)
    manifest_path(runs, "comparison").unlink()
    found = findings(runs, accuracies)
    assert any("comparison.csv: kendall_tau_mean of one-shot is " in line for line in found)


@pytest.mark.parametrize("where", ["file", "import"])
def test_one_changed_accuracy_in_a_table(
    honest: Path, accuracies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    table = open_table(accuracies, allow_subset=True)
    path = tmp_path / "invented.nbtable" if where == "file" else table_path("invented")
    write_table(table, path)
    named = path if where == "file" else "invented"
    assert verify(honest, "--table", named).code == 0

    column = table.accuracy(KEY).copy()
    column[70] += 0.01
    write_table(replace(table, accuracies={KEY: column}), path)  # its checksum holds
    called = verify(honest, "--table", named)
    assert called.code == 1
    message = "comparison.csv: cifar10_test_200 of table invented is not the truth that it was "
    assert message in called.out

    contents = bytearray(path.read_bytes())
    contents[contents.index(np.array(column[70]).tobytes())] ^= 1
    path.write_bytes(contents)
    called = verify(honest, "--table", named)
    assert called.code == 2
    assert "is damaged (its checksum does not hold)" in called.err


def test_swapped_seeds_that_were_signed_again(runs: Path, accuracies: Path) -> None:
    one, other = (read_record(runs / f"gm-seed{seed}.json") for seed in (0, 1))
    write_record(replace(one, seed=1), runs)
    write_record(replace(other, seed=0), runs)
    remake_manifest(runs)
    found = findings(runs, accuracies)
    for seed in (0, 1):
        assert any(
            line.startswith(f"gm-seed{seed}.json: its random stream '")
            and line.endswith(f"' is not that of seed {seed}")
            for line in found
        )


def test_a_file_under_another_seed(runs: Path, accuracies: Path) -> None:
    (runs / "gm-seed0.json").rename(runs / "gm-seed1.json")
    found = findings(runs, accuracies)
    assert any("holds what belongs in gm-seed0.json" in line for line in found)


def test_runs_on_other_images_or_of_another_task(runs: Path, accuracies: Path) -> None:
    path = runs / "gm-seed1.json"
    resign(path, lambda it: it["provenance"].update(images="0" * 64))
    assert f"{runs}: its runs were shown different images" in findings(runs, accuracies)
    resign(path, lambda it: it["task"]["network"].update(cells=2))
    assert any("compare runs of one task" in line for line in findings(runs, accuracies))


@pytest.mark.parametrize("name", ["comparison.csv", "comparison.md"])
def test_a_forged_metric(runs: Path, accuracies: Path, name: str) -> None:
    path = runs / name
    text = path.read_text("utf-8")
    place = text.index("0.", text.index("gm")) + 3
    digit = "1" if text[place] != "1" else "2"
    path.write_text(text[:place] + digit + text[place + 1 :], "utf-8")
    message = f"{name}: it is not the file that comparison.manifest.json lists"
    assert message in findings(runs, accuracies)
    remake_manifest(runs)
    (found,) = findings(runs, accuracies)
    assert found.startswith(f"{name}: ")


@pytest.mark.parametrize("name", ["gm-seed1.json", "comparison.png"])
def test_a_missing_file(runs: Path, accuracies: Path, name: str) -> None:
    (runs / name).unlink()
    called = verify(runs, "--table", accuracies)
    assert called.code == 1
    assert f"{name}: it is missing, comparison.manifest.json lists it" in called.out


def test_a_missing_record_is_missed_without_a_manifest(runs: Path, accuracies: Path) -> None:
    (runs / "gm-seed1.json").unlink()
    manifest_path(runs, "comparison").unlink()
    called = verify(runs, "--table", accuracies)
    assert called.code == 1
    assert "comparison.csv: runs of gm is 2, its records and the truth give 1" in called.out
    assert f"note: {runs} has no manifest: deleted files go unnoticed" in called.err


def test_no_folder_and_no_records(tmp_path: Path) -> None:
    assert verify(tmp_path / "none").code == 2
    called = verify(tmp_path)
    assert (called.code, called.out) == (2, "")
    assert f"{tmp_path} holds no run records" in called.err


def test_folders_inside_are_checked_too(runs: Path, tmp_path: Path, accuracies: Path) -> None:
    outer = tmp_path / "all"
    shutil.copytree(runs, outer / "inner")
    assert verify(outer, "--table", accuracies).code == 0
    (outer / "inner" / "gm-seed0.json").unlink()
    assert verify(outer, "--table", accuracies).code == 1


def test_a_manifest_cannot_lead_out_of_its_folder(
    runs: Path, accuracies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = os.path.relpath("/etc/passwd", runs)
    resign(manifest_path(runs, "comparison"), lambda it: it["files"].update({secret: "0" * 64}))
    monkeypatch.setattr("benchmark.app.checking.comparison_checks.sha256", pytest.fail)
    (found,) = (line for line in findings(runs, accuracies) if "manifest" in line)
    assert found.startswith("comparison.manifest.json: ")


def test_values_of_the_wrong_type_are_one_line(runs: Path, accuracies: Path) -> None:
    resign(runs / "gm-seed0.json", lambda it: it["budget"].update(spent="600"))
    resign(runs / "gm-seed1.json", lambda it: it["trace"].update(leaves=[1, 2]))
    resign(runs / "one-shot-seed0.json", lambda it: it["trace"].update(trajectory="x"))
    called = verify(runs, "--table", accuracies)
    assert called.code == 1
    for name in ("gm-seed0.json", "gm-seed1.json", "one-shot-seed0.json"):
        assert any(name in line for line in called.out.splitlines())
