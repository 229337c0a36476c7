from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.app.building import chosen_architectures
from benchmark.records.provenance import provenance
from benchmark.spaces.nb201 import to_string
from benchmark.spaces.registry import open_space
from benchmark.truth.files.nbtable import read_table, write_table
from tests.command_line import nasbench

NB201 = open_space("nb201")
TINY = [
    part
    for change in (
        "network.channels=2",
        "network.cells=1",
        "training.epochs=1",
        "data.noise_draws=1",
        "training.batch_size=200",
        "training.average=mean",
        "data.flip=true",
    )
    for part in ("--set", change)
]


def build(folder: Path, *more: str) -> list[str]:
    return ["tables", "build", "--dataset", "digits", *TINY, "--out", str(folder), *more]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a table of four architectures at two seeds was built."""
    folder = tmp_path_factory.mktemp("built")
    called = nasbench(*build(folder, "--architectures", "4", "--seeds", "2", "--jobs", "1"))
    assert called.code == 0, called.err
    assert called.out.startswith(
        f"nb201-digits-c2n1r8e1: 4 architectures, {folder}/nb201-digits-c2n1r8e1.nb"
    )
    assert "trained by" in called.out
    return folder


def test_a_built_table_is_a_table(folder: Path) -> None:
    path = folder / "nb201-digits-c2n1r8e1.nbtable"
    called = nasbench("tables", "info", str(path), "--json")
    info = json.loads(called.out)
    assert (info["architectures"], info["networks"]) == (4, 4)
    assert (
        "architectures 4 of 15,625, 4 different networks, without the official index"
        in nasbench("tables", "info", str(path)).out
    )
    assert info["protocol"]["protocol"]["training"]["average"] == "mean"
    assert info["protocol"]["protocol"]["data"]["flip"] is True
    assert [one["key"] for one in info["quality"]] == ["digits_test_1", "digits_valid_1"]
    assert info["curves"] == str(folder / "nb201-digits-c2n1r8e1.nbcurves")
    assert nasbench("tables", "verify", str(path)).out.endswith("every check holds\n")


def test_a_built_table_is_put_together_again(folder: Path, tmp_path: Path) -> None:
    path, source = folder / "nb201-digits-c2n1r8e1.nbtable", folder / "trained.jsonl"
    called = nasbench("tables", "verify", str(path), "--source", str(source))
    assert (called.code, called.err) == (0, "")
    assert called.out == "nb201-digits-c2n1r8e1: 4 of 15,625 architectures, every check holds\n"
    table = read_table(path)
    changed = {key: np.minimum(99, column + 1) for key, column in table.accuracies.items()}
    write_table(replace(table, accuracies=changed), tmp_path / "forged.nbtable")
    called = nasbench("tables", "verify", tmp_path / "forged.nbtable", "--source", source)
    assert called.code == 1
    assert called.out.startswith("accuracy of digits_test_1 differs for 4 architectures")
    assert called.err == f"nasbench: table 'nb201-digits-c2n1r8e1' does not follow from {source}\n"


def test_architectures_of_a_built_table_are_trained_again(folder: Path, tmp_path: Path) -> None:
    path = folder / "nb201-digits-c2n1r8e1.nbtable"
    what = ["--sample", "2", "--seed", "1", "--jobs", "1"]
    called = nasbench("tables", "rerun", str(path), *what)
    assert (called.code, called.err) == (0, "")
    lines = called.out.splitlines()
    assert [line.rpartition(" seed ")[2] for line in lines[:-1]] == [
        "0: identical", "1: identical", "0: identical", "1: identical",
    ]  # fmt: skip
    assert lines[-1] == "4 trainings were reproduced, 4 of them to the last bit"
    table = read_table(path)
    singles = {
        key: replace(single, losses=np.nextafter(single.losses, 9))
        for key, single in table.measurements.by_seed.items()
    }
    measured = replace(table.measurements, by_seed=singles)
    write_table(replace(table, measurements=measured), tmp_path / "forged.nbtable")
    called = nasbench("tables", "rerun", tmp_path / "forged.nbtable", *what)
    assert called.code == 1
    assert called.err == "nasbench: 4 of 4 trainings were not reproduced\n"
    assert "  the loss of digits_test_1 differs, on the same machine" in called.out


def test_a_built_table_is_asked_for_one_seed(folder: Path) -> None:
    path = folder / "nb201-digits-c2n1r8e1.nbtable"
    arch = to_string(int(chosen_architectures("4", NB201)[0]))
    called = nasbench("tables", "query", arch, "--table", str(path), "--json")
    found = json.loads(called.out)["accuracies"]["digits_test_1"]
    single = [found["by_seed"][seed]["accuracy"] for seed in ("0", "1")]
    assert sum(single) / 2 == pytest.approx(found["mean"])
    called = nasbench("tables", "query", arch, "--table", str(path))
    assert re.search(rf"\n    seed 1 +{single[1]:.4f} %, loss ", called.out)


def test_a_built_table_is_imported_and_exported(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    path = str(folder / "nb201-digits-c2n1r8e1.nbtable")
    assert nasbench("tables", "import", path, "--name", "mine").code == 0
    assert nasbench("tables", "export", "mine", str(tmp_path / "mine.csv")).code == 0
    header = (tmp_path / "mine.csv").read_text().splitlines()[0]
    assert header == "arch,digits_test_1,digits_valid_1"
    again = json.loads(nasbench("tables", "info", "mine", "--json").out)
    assert again["protocol"]["seeds"] == [0, 1]


def test_a_built_table_judges_scores(folder: Path, tmp_path: Path) -> None:
    path = folder / "nb201-digits-c2n1r8e1.nbtable"
    lines = [f"{to_string(code)},{code}" for code in range(15625)]
    (tmp_path / "scores.csv").write_text("\n".join(["arch,score", *lines]))
    held = tmp_path / "held.csv"
    nasbench("tables", "export", str(path), str(held))
    what = ["--table", str(path), "--split", "test", "--subset", str(held)]
    called = nasbench("score", str(tmp_path / "scores.csv"), *what, "--json")
    assert called.code == 0, called.err
    found = json.loads(called.out)
    assert [found[name] for name in ("dataset", "split", "epochs")] == ["digits", "test", 1]
    assert found["n_architectures"] == 4


def test_what_was_trained_is_found(folder: Path) -> None:
    called = nasbench(*build(folder, "--architectures", "4", "--seeds", "2"))
    assert called.err == f"8 of 8 trainings were found in {folder}\n"


def test_another_machine_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = provenance("cpu") | {"cpu": "another"}
    monkeypatch.setattr("benchmark.app.building.builder.provenance", lambda device: here)
    called = nasbench(*build(folder, "--architectures", "4", "--seeds", "2"))
    assert called.err.splitlines() == [
        f"8 of 8 trainings were found in {folder}",
        "some of them were made with another cpu: trained here again they may differ in their last "
        "digits",
    ]


def test_damage_is_reported(folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(folder, tmp_path / "damaged")
    path = folder / "trained.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    called = nasbench(*build(folder, "--architectures", "4", "--seeds", "2", "--jobs", "1"))
    assert called.err.splitlines() == [
        f"1 damaged lines in {folder} were trained again",
        f"7 of 8 trainings were found in {folder}",
    ]


def test_a_share_makes_no_table(tmp_path: Path) -> None:
    more = ("--architectures", "2", "--seeds", "2", "--shard", "1/2", "--jobs", "1")
    called = nasbench(*build(tmp_path, *more))
    assert called.out == (
        f"{tmp_path}: 2 trainings are done; the table needs 2 more of other shares: join them with "
        "nasbench merge\n"
    )
    assert not list(tmp_path.glob("*.nbtable"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--architectures", "0"], "cannot sample 0 architectures"),
        (["--architectures", "no.txt"], "cannot read no.txt: No such file or directory"),
        (["--space", "nb301"], "unknown space 'nb301': did you mean 'nb201'?"),
        (
            ["--space", "darts", "--dataset", "cifar100"],
            "data set 'cifar100' has no protocol for space darts: give --protocol",
        ),
        (["--space", "macro"], "unknown setting of [network] 'channels'"),
        (["--set", "data.resolution=9"], "resolution is 9: it is halved twice"),
        (["--set", "training.epochs"], "cannot use --set 'training.epochs'"),
        (
            ["--set", "training.momentum=x"],
            "[training] momentum is 'x': it must be a number",
        ),
        (["--set", "epochs=3"], "cannot use --set 'epochs=3': write it like training.budget=64000"),
        (["--shard", "3/2"], "cannot use the share '3/2'"),
        (["--name", "a/b"], "'a/b' cannot name a table"),
        (["--dataset", "digit"], "unknown protocol 'nb201-digit': did you mean 'nb201-digits'?"),
        (
            ["--dataset", "cifar10"],
            "data set 'cifar10' has no protocol for space nb201: give --p",
        ),
        (["--backend", "dask"], "--backend dask needs --scheduler"),
        (["--seeds", "0"], "cannot use seeds '0'"),
    ],
)
def test_a_value_that_cannot_be_used(more: list[str], message: str, tmp_path: Path) -> None:
    called = nasbench(*build(tmp_path / "out", *more))
    assert called.code == 2
    (line,) = called.err.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


def test_no_data_set() -> None:
    called = nasbench("tables", "build")
    assert (called.code, called.err) == (
        2,
        "nasbench: no data set: give --dataset digits, or a --protocol\n",
    )
