"""What a machine can do to a run: a line and an exit code each, and what is finished is kept."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmark.records import read_records
from benchmark.records.failure import read_failure
from tests.command_line import finish, nasbench, start_nasbench, tiny_preset

pytestmark = pytest.mark.slow
Mount = Callable[..., Path]
needs_limits = pytest.mark.skipif(os.name == "nt", reason="the system limits no file's size")

# A device that has too little memory for the first chunk of architectures.
SHORT_OF_MEMORY = """
import torch
from baselines.supernets.nb201 import scoring

errors = [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")]

def many_logits(*arguments, original=scoring.many_logits, **named):
    if errors:
        raise errors.pop()
    return original(*arguments, **named)

scoring.many_logits = many_logits
from benchmark.app.cli import main
main()
"""


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    """Return a function that mounts a small disk in memory, where the system lets us."""
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


@needs_limits
def test_a_disk_that_is_full_when_a_record_is_done(preset: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert nasbench(*run(preset, folder, "--seeds", "2")).code == 0
    before = {path: path.read_bytes() for path in folder.glob("*.json")}
    called = finish(start_nasbench(*run(preset, folder), code=limited(100_000)))
    assert called.code == 1
    assert called.err == (
        f"nasbench: cannot write {folder / 'random-seed2.json'}: File too large\n"
    )
    assert {path: path.read_bytes() for path in folder.glob("*.json")} == before
    assert len(read_records(folder)) == 2
    assert not [name for name in names(folder) if name.startswith(".")]
    called = nasbench(*run(preset, folder))
    assert called.code == 0, called.err
    assert called.err == f"2 of 5 runs were found in {folder}\n"
    assert len(read_records(folder)) == 5


@needs_limits
def test_a_disk_that_is_full_when_a_checkpoint_is_due(preset: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    arguments = run(preset, folder, "--checkpoint-every", "1", method="gm")
    called = finish(start_nasbench(*arguments, code=limited(10_000)))
    assert called.code == 1
    assert len(called.err.splitlines()) == 1
    assert called.err.startswith("nasbench: 5 of 5 runs failed: gm seed 0: cannot write ")
    assert ".gm-seed0.checkpoint: File too large; " in called.err
    assert names(folder) == [f"gm-seed{seed}.failed" for seed in range(5)]


def test_a_device_with_too_little_memory_to_score(preset: Path, tmp_path: Path) -> None:
    note = "too little memory to score in chunks: they are 2 times smaller now"
    arguments = run(preset, tmp_path / "short", "--seeds", "1", method="one-shot")
    called = finish(start_nasbench(*arguments, code=SHORT_OF_MEMORY))
    assert (called.code, called.err) == (0, f"one-shot seed 0: {note}\n")
    (short,) = read_records(tmp_path / "short")
    assert short.provenance["notes"] == [note]
    assert nasbench(*run(preset, tmp_path / "whole", "--seeds", "1", method="one-shot")).code == 0
    (whole,) = read_records(tmp_path / "whole")
    assert whole.provenance["notes"] == []
    assert short.scores == pytest.approx(whole.scores, rel=1e-5)


def test_a_full_disk(preset: Path, mounted: Mount) -> None:
    folder = mounted("size=400k") / "out"  # room for two records
    called = nasbench(*run(preset, folder))
    assert called.code == 1
    assert called.err == (
        f"nasbench: cannot write {folder / 'random-seed2.json'}: No space left on device\n"
    )
    assert names(folder) == ["random-seed0.json", "random-seed1.json"]
    assert len(read_records(folder)) == 2
    subprocess.run(["mount", "-o", "remount,size=10m", folder.parent], check=True)
    called = nasbench(*run(preset, folder))
    assert called.code == 0, called.err
    assert called.err == f"2 of 5 runs were found in {folder}\n"
    assert len(read_records(folder)) == 5


def test_a_disk_that_is_full_of_checkpoints(preset: Path, mounted: Mount) -> None:
    folder = mounted("size=16k")
    called = nasbench(*run(preset, folder, "--checkpoint-every", "1", method="gm"))
    assert called.code == 1
    assert "gm seed 0: cannot write " in called.err
    assert ".gm-seed0.checkpoint: No space left on device" in called.err
    assert "Traceback" not in called.err


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


def test_a_loss_that_is_nan(tmp_path: Path) -> None:
    preset = tiny_preset(tmp_path, learning_rate="1e30", gradient_norm="1e30")
    folder = tmp_path / "out"
    methods = ("--method", "few-shot", "--method", "params")
    called = nasbench(*run(preset, folder, *methods))
    assert called.code == 1
    lines = called.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(
        "nasbench: 5 of 11 runs failed: few-shot seed 0: root: the loss of step "
    )
    for seed in range(5):
        assert f"few-shot seed {seed}: root: the loss of step " in lines[0]
    kept = read_records(folder)
    assert [(one.method, one.seed) for one in kept] == [
        ("params", 0),
        *(("random", s) for s in range(5)),
    ]
    failure = read_failure(folder / "few-shot-seed3.failed")
    assert failure.budget["parts"]["shared training"] == 300
    assert failure.fault in lines[0]
