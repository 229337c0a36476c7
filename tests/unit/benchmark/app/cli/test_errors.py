"""Whatever is wrong is said in one line, with an exit code, before anything is run."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import torch

from benchmark.app.cli.root import cli
from tests.command_line import Called, finish, nasbench, start_nasbench, tiny_preset

BAD_INPUT, FAILED = 2, 1


def run(preset: Path, *more: str | Path, method: str = "random") -> Called:
    return nasbench("run", "--method", method, "--preset", preset, "--jobs", "1", *more)


def check_refused(called: Called, pattern: str, code: int = BAD_INPUT) -> None:
    assert called.code == code
    assert called.out == ""
    assert re.fullmatch(rf"nasbench: {pattern}\n", called.err), called.err


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ("rum", r"No such command 'rum'\..*"),
        ("run", r"Missing option '--method'\..*"),
        ("run --method", r"Option '--method' requires an argument\."),
        (
            "run --method gm --seedss 3",
            r"No such option:? '?--seedss'?.* you mean .*'?--seeds'?.*\?.*",
        ),
        ("run --method gm 3", r"Got unexpected extra argument '?\(?3\)?'?"),
        ("--verzion", r"No such option:? '?--verzion'?.* Did you mean '?--version'?\?"),
    ],
)
def test_what_click_does_not_understand(arguments: str, pattern: str) -> None:
    check_refused(nasbench(*arguments.split()), pattern)


# Bad input to each command.
COMMANDS = {
    "run --method gmm": r"unknown method 'gmm': did you mean 'gm'\? choose from one-shot, .*",
    "compare --method gmm": r"unknown method 'gmm': did you mean 'gm'\? choose from one-shot, .*",
    "score no.csv": r"cannot read no\.csv: No such file or directory",
    "report no": r"no folder no.*",
    "check no --against no.json": r"no baseline no\.json: make it with nasbench check --update",
    "verify no": r"no folder no.*",
    "rerun no.json": r"cannot read no\.json: No such file or directory",
    "merge no --out all": r"no folder no: name those that shares were written to",
    "list method": r"unknown kind of names 'method': did you mean 'methods'\? choose from .*",
    "show preset labtop": r"unknown preset 'labtop': did you mean 'laptop'\? choose from .*",
    "tables import no.pth": r"cannot read no\.pth: No such file or directory",
    "tables build": r"no data set: give --dataset digits, or a --protocol",
    "tables get no": r"unknown published table 'no': choose from nas-bench-macro",
    "tables list --jsn": r"No such option:? '?--jsn'?.* Did you mean '?--json'?\?",
    "tables info no": r"unknown table 'no': choose from analog-nasbench, .*",
    "tables query resnet": r"not an architecture: 'resnet'.*",
    "tables export no a.csv": r"unknown table 'no': choose from analog-nasbench, .*",
    "tables verify no": r"unknown table 'no': choose from analog-nasbench, .*",
    "tables rerun analog-nasbench": r"table 'analog-nasbench' .*",
}


def leaves(command: click.Command, words: str = "") -> set[str]:
    """Return the words of all commands that are no groups."""
    if not isinstance(command, click.Group):
        return {words.strip()}
    return set().union(
        *(leaves(child, f"{words} {name}") for name, child in command.commands.items())
    )


def test_every_command_has_an_error_here() -> None:
    assert {
        name for name in leaves(cli) if not any(line.startswith(name) for line in COMMANDS)
    } == set()


@pytest.mark.parametrize(("arguments", "pattern"), COMMANDS.items())
def test_bad_input_to_each_command(arguments: str, pattern: str, tmp_path: Path) -> None:
    check_refused(nasbench(*arguments.split()), pattern)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "value", "pattern"),
    [
        ("--method", "gmm", r"unknown method 'gmm': did you mean 'gm'\? choose from one-shot, .*"),
        ("--preset", "labtop", r"unknown preset 'labtop': did you mean 'laptop'\? choose from .*"),
        ("--preset", "no.toml", r"cannot read preset no\.toml: No such file or directory"),
        (
            "--table",
            "analog-nasbnch",
            r"unknown table 'analog-nasbnch': did you mean 'analog-nasbench'\? choose from .*",
        ),
        ("--table", "no.csv", r"cannot read no\.csv: No such file or directory"),
        ("--table", "no.nbtable", r"cannot read no\.nbtable: No such file or directory"),
        (
            "--accuracy",
            "cifar10_tets_200",
            r"unknown split 'tets': did you mean 'test'\? choose from valid, test",
        ),
        (
            "--accuracy",
            "cifr10_test_200",
            r"table 'analog-nasbench' has no cifr10_test_200: it has cifar10_test_200",
        ),
        ("--accuracy", "cifar10", r"not an accuracy: 'cifar10'; write .*"),
        (
            "--accuracy",
            "cifar100_test_200",
            r"table 'analog-nasbench' has no cifar100_test_200: it has cifar10_test_200",
        ),
        ("--seeds", "0", r"cannot use seeds '0': .* from 1 to 10,000; write a count like 5 .*"),
        ("--seeds", "x", r"cannot use seeds 'x': .*; write a count like 5 .*"),
        ("--seeds", "3,3", r"cannot use seeds '3,3': it repeats a seed; write .*"),
        ("--jobs", "0", r"Invalid value for '--jobs': 0 is not in the range x>=1\."),
        ("--jobs", "x", r"Invalid value for '--jobs': 'x' is not a valid integer.*"),
        ("--device", "nonsense", r"device 'nonsense' cannot be used: .*"),
    ],
)
def test_a_value_that_cannot_be_used(
    preset: Path, tmp_path: Path, option: str, value: str, pattern: str
) -> None:
    check_refused(run(preset, option, value), pattern)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(preset: Path) -> None:
    check_refused(run(preset, "--device", "cuda"), r"device 'cuda' cannot be used: .*")


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        (r"description = .*", "description =", r"preset tiny: .*line 1.*"),
        ("batch_size", "batch_sise", r"preset tiny: .*'batch_sise'.*did you mean 'batch_size'\?.*"),
        (r"\[data\]", "[dada]", r"preset tiny: .*'dada'.*did you mean 'data'\?.*"),
        (
            "cells = 1",
            "cells = 0",
            r"preset tiny: \[network\] cells is 0: it must be an integer .*",
        ),
        ("cells = 1", "", r"preset tiny: \[network\] lacks cells.*"),
        ('space = "nb201"', "", "preset tiny: space is missing: give it"),
        (
            'space = "nb201"',
            'space = "nb301"',
            "preset tiny: unknown space 'nb301': did you mean 'nb201'.*",
        ),
        (
            'space = "nb201"',
            'space = "macro"',
            r"preset tiny: unknown setting of \[network\] for space macro .*",
        ),
        ("groups", "group", r".*\[methods\.gm\].*'group': did you mean 'groups'\? choose from .*"),
        (
            r"groups = .*",
            "groups = 2",
            r".*\[methods\.gm\] groups is 2: it must be a list of 1 or .*",
        ),
        (
            r"groups = .*",
            "groups = [2, 1]",
            r".*\[methods\.gm\] groups\[1\] is 1: it must be 2 or m.*",
        ),
        (
            r"groups = .*",
            "groups = [2, 2, 2, 2, 2, 2, 2]",
            r"groups are .*, 6 of NAS-Bench-201 have .* too few for level 7; ask for fewer .*",
        ),
        (
            r"among = .*",
            'among = ["layer*"]',
            r".*no decision of NAS-Bench-201 is called 'layer\*'.*",
        ),
    ],
)
def test_a_preset_with_a_fault(tmp_path: Path, old: str, new: str, pattern: str) -> None:
    path = tiny_preset(tmp_path)
    text, count = re.subn(f"(?m)^{old}", new, path.read_text())
    assert count
    path.write_text(text)
    check_refused(run(path, method="gm"), pattern)


def test_a_table_with_a_fault(preset: Path, accuracies: Path, tmp_path: Path) -> None:
    whole = accuracies.read_text()
    path = tmp_path / "table.csv"

    def refused(contents: str, pattern: str) -> None:
        path.write_text(contents)
        check_refused(run(preset, "--table", path), rf".*table\.csv{pattern}")

    refused(
        whole[: whole.index("\n", 100_000) - 8],
        r", line [0-9]+: the header has 3 fields, this line 2; it is damaged, or .* cut off there",
    )
    lines = whole.splitlines()
    refused("\n".join(lines[:-1]), r": 1 of 15,625 architectures are missing, the first is .*")
    lines[6] = lines[6].replace("none", "nine", 1)
    refused("\n".join(lines), r", line 7: not an architecture: '\|nine~0\|.*'; the nearest is .*")
    refused("", r": the file is empty; .*")


def test_an_accuracy_that_the_csv_lacks(preset: Path, accuracies: Path) -> None:
    called = run(preset, "--table", accuracies, "--accuracy", "cifar10_valid_12")
    check_refused(
        called,
        "table 'accuracies' has no cifar10_valid_12: it has cifar10_test_200, cifar100_valid_12",
    )


def test_a_file_in_place_of_the_folder(preset: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    called = run(preset, "--out", "file")
    check_refused(called, "cannot write to file: File exists; give another folder", FAILED)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that cannot be written")
def test_a_folder_that_cannot_be_made(preset: Path) -> None:
    check_refused(run(preset, "--out", "/proc/x"), "cannot write to /proc/x: .*", FAILED)


def test_a_record_in_the_way(preset: Path, tmp_path: Path) -> None:
    assert run(preset, "--out", "here", "--seeds", "1").code == 0
    other = tiny_preset(tmp_path, budget="601")
    check_refused(
        run(other, "--out", "here", "--seeds", "2"),
        r"here/random-seed0\.json is a run of another task: training\.budget is 600 .*--out, .*",
    )
    path = Path("here/random-seed0.json")
    path.write_text(path.read_text()[:-50])
    check_refused(
        run(preset, "--out", "here", "--seeds", "2"),
        r"here/random-seed0\.json is no run record, .*; delete it and run its method and seed .*",
    )
    assert not Path("here/random-seed1.json").exists()


def test_a_budget_that_does_not_suffice(tmp_path: Path) -> None:
    path = tiny_preset(tmp_path, budget="40")
    called = run(path, "--method", "gm", "--seeds", "2", "--out", "here")
    check_refused(called, r"0 of 40 images are left for the leaves .*: raise the budget, or .*")
    assert not list(Path().glob("here/*"))


def test_a_training_that_diverges(tmp_path: Path) -> None:
    path = tiny_preset(tmp_path, learning_rate="1e30", gradient_norm="1e30", budget="40")
    called = run(path, "--method", "one-shot", "--seeds", "1", "--out", "here")
    pattern = r"1 of 2 runs failed: one-shot seed 0: .*: lower the learning rate"
    check_refused(called, pattern, FAILED)
    kept = sorted(file.name for file in Path("here").iterdir())
    assert kept == ["one-shot-seed0.failed", "random-seed0.json"]


def test_a_disk_that_is_full(preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/tmp/x")

    monkeypatch.setattr("benchmark.files.tempfile.TemporaryDirectory", refuse)
    pattern = r"the system refused: \[Errno 28\] No space left on device: '/tmp/x'"
    check_refused(run(preset, "--out", "here"), pattern, FAILED)


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "methods"]])
def test_a_reader_that_goes_away(arguments: list[str]) -> None:
    process = start_nasbench(*arguments)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    called = finish(process)
    assert (called.code, called.err) == (1, "")


def test_an_error_in_a_process_of_its_own() -> None:
    called = finish(start_nasbench("run", "--method", "gmm"))
    check_refused(called, r"unknown method 'gmm': did you mean 'gm'\? .*")
