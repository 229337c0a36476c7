"""Every file of text that is read may begin with a byte order mark, as some editors write it."""

from __future__ import annotations

import shutil
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from benchmark.spaces.nb201 import all_strings
from tests.command_line import nasbench, tiny_preset

ROWS = "".join(f"{arch},{10 + place}\n" for place, arch in enumerate(all_strings()[:40]))


def marked(path: Path) -> Path:
    path.write_bytes(BOM_UTF8 + path.read_bytes())
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a file of each kind, and runs."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "table.csv").write_text(f"arch,cifar10_test_200\n{ROWS}")
    (folder / "scores.csv").write_text(f"arch,score\n{ROWS}")
    (folder / "subset.txt").write_text("\n".join(all_strings()[:20]))
    (folder / "published.csv").write_text(
        "name,space,accuracy,metric,value,std,runs,setting,source\n"
        "theirs,nb201,cifar10_test_200,kendall_tau,0.5,,1,made up,made up\n"
    )
    preset = tiny_preset(folder)
    shutil.move(preset, folder / "preset.toml")
    runs = (
        "--preset",
        folder / "preset.toml",
        "--seeds",
        "2",
        "--jobs",
        "1",
        "--out",
        folder / "runs",
    )
    assert nasbench("run", "--method", "random", *runs).code == 0
    baseline = ("--against", folder / "baseline.json", "--update", "--yes", "--alpha", "0.5")
    made = nasbench("check", folder / "runs", *baseline, "--method", "random")
    assert made.code == 0, made.err
    return folder


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("table.csv", "score {folder}/scores.csv --table {folder}/table.csv"),
        ("scores.csv", "score {folder}/scores.csv --table {folder}/table.csv"),
        (
            "subset.txt",
            "score {folder}/scores.csv --table {folder}/table.csv --subset {folder}/subset.txt",
        ),
        ("preset.toml", "show preset {folder}/preset.toml"),
        ("preset.toml", "run --method random --preset {folder}/preset.toml --dry-run"),
        (
            "published.csv",
            "report {folder}/runs --published {folder}/published.csv --out {folder}/r",
        ),
        ("runs/random-seed0.json", "rerun {folder}/runs/random-seed0.json"),
        ("baseline.json", "check {folder}/runs --against {folder}/baseline.json"),
    ],
)
def test_a_byte_order_mark_changes_nothing(
    files: Path, tmp_path: Path, name: str, arguments: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(files, folder)
    command = arguments.format(folder=folder).split()
    plain = nasbench(*command)
    marked(folder / name)
    assert nasbench(*command) == plain
    assert plain.code == 0, plain.err
