"""What a machine can do to a run: a line and an exit code each, and what is finished is kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.supernets.nb201.network import CellSupernet
from benchmark.records import read_records
from benchmark.records.failure import KIND
from benchmark.records.json_file import read_json
from tests.command_line import finish, nasbench, start_nasbench, tiny_preset

Mount = Callable[..., Path]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    """Return a function that mounts a small disk in memory, where the system allows it."""
    path = tmp_path / "disk"
    path.mkdir()

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError:
            pytest.skip("there is no mount here")
        if done.returncode:
            pytest.skip("nothing can be mounted here")
        return path

    yield mount
    subprocess.run(["umount", path], capture_output=True, check=False)


def run(preset: Path, folder: Path, *more: str, method: str = "random") -> list[str | Path]:
    where: list[str | Path] = ["--preset", preset, "--out", folder, "--jobs", "1"]
    return ["run", "--method", method, "--seeds", "5", *where, *more]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def limited(size: int) -> str:
    """Return code of a command line that can write no file of more bytes, as on a full disk."""
    return f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
from benchmark.app.cli import main
main()
"""


def test_a_plan_that_its_budget_does_not_allow(tmp_path: Path) -> None:
    preset, folder = tiny_preset(tmp_path, budget="300"), tmp_path / "out"
    called = nasbench(*run(preset, folder, "--method", "gm"))
    assert called.code == 2
    assert "0 of 300 images are left for the leaves" in called.err
    assert not folder.exists()


def test_a_loss_that_is_nan(tmp_path: Path) -> None:
    preset = tiny_preset(tmp_path, learning_rate="1e30", gradient_norm="1e30")
    folder = tmp_path / "out"
    called = nasbench(*run(preset, folder, "--method", "params", "--seeds", "2", method="few-shot"))
    assert called.code == 1
    (line,) = called.err.splitlines()
    assert line.startswith("nasbench: 2 of 3 runs failed: few-shot seed 0: root: the loss of step ")
    assert "few-shot seed 1: root: the loss of step " in line
    assert [one.method for one in read_records(folder)] == ["params"]
    failure = read_json(KIND, folder / "few-shot-seed1.failed")
    assert 0 < failure["budget"]["parts"]["shared training"] <= 300
    assert failure["fault"] in line


def test_a_device_with_too_little_memory_to_score(
    preset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "too little memory to score in chunks: they are 2 times smaller now"
    errors = [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")]

    original: Callable[..., Any] = CellSupernet.many_logits

    def many_logits(*arguments: Any, **named: Any) -> Any:
        if errors:
            raise errors.pop()
        return original(*arguments, **named)

    monkeypatch.setattr(CellSupernet, "many_logits", many_logits)
    arguments = ("--seeds", "1", "--set", "training.budget=40")
    called = nasbench(*run(preset, tmp_path / "short", *arguments, method="one-shot"))
    assert (called.code, called.err) == (0, f"one-shot seed 0: {note}\n")
    (short,) = read_records(tmp_path / "short")
    assert short.provenance["notes"] == [note]
    assert nasbench(*run(preset, tmp_path / "whole", *arguments, method="one-shot")).code == 0
    (whole,) = read_records(tmp_path / "whole")
    assert whole.provenance["notes"] == []
    assert short.scores == pytest.approx(whole.scores, rel=1e-5)


@pytest.mark.nightly
def test_a_disk_that_is_full_when_a_checkpoint_is_due(preset: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    arguments = run(preset, folder, "--checkpoint-every", "1", method="gm")
    called = finish(start_nasbench(*arguments, code=limited(5_000)))
    assert called.code == 1
    assert len(called.err.splitlines()) == 1
    assert called.err.startswith("nasbench: 5 of 5 runs failed: gm seed 0: cannot write ")
    assert ".gm-seed0.checkpoint: File too large; " in called.err
    assert [name for name in names(folder) if not name.endswith(".failed")] == []


@pytest.mark.nightly
def test_a_full_disk(preset: Path, mounted: Mount) -> None:
    folder = mounted("size=32k") / "out"  # room for a few records
    called = nasbench(*run(preset, folder))
    assert called.code == 1
    assert called.err.startswith(f"nasbench: cannot write {folder}/random-seed")
    assert called.err.endswith(".json: No space left on device\n")
    kept = len(read_records(folder))
    assert 0 < kept < 5
    assert names(folder) == [f"random-seed{seed}.json" for seed in range(kept)]
    subprocess.run(["mount", "-o", "remount,size=10m", folder.parent], check=True)
    called = nasbench(*run(preset, folder))
    assert called.code == 0, called.err
    assert called.err == f"{kept} of 5 runs were found in {folder}\n"
    assert len(read_records(folder)) == 5


@pytest.mark.nightly
def test_a_disk_that_can_only_be_read(preset: Path, mounted: Mount) -> None:
    folder = mounted("size=10m")
    assert nasbench(*run(preset, folder)).code == 0
    before = {path: path.read_bytes() for path in folder.iterdir()}
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    called = nasbench(*run(preset, folder))
    assert called.code == 1
    assert called.err == (
        f"nasbench: cannot write to {folder}: Read-only file system; give another folder\n"
    )
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert nasbench("verify", folder, "--table", "analog-nasbench").code == 0  # writes nothing
