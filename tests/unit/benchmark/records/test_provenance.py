from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.records import provenance as module
from benchmark.records.provenance import (
    code_state,
    command_line,
    machine_differences,
    provenance,
    this_machine,
)


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder that is taken for the project's; it is in no repository yet."""
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "code.py").write_text("")
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    code_state.cache_clear()
    yield tmp_path
    code_state.cache_clear()


def commit(project: Path) -> str:
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "first")
    return git(project, "rev-parse", "HEAD")


def test_it_describes_this_process() -> None:
    found = provenance("cpu")
    assert json.loads(json.dumps(found)) == found
    assert found["device"] == "cpu"
    assert found["threads"] == torch.get_num_threads()
    assert found["python"] == sys.version.split()[0]
    assert found["libraries"]["numpy"] == np.__version__
    assert found["libraries"]["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert all(found["libraries"].values())
    assert found["version"]
    assert found["cpu"]
    assert abs(datetime.fromisoformat(found["started"]) - datetime.now(timezone.utc)) < timedelta(
        minutes=1
    )


def test_a_gpu_is_described_with_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    assert provenance("cpu")["accelerator"] is None
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card at {device}")
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91_002)
    assert provenance("cuda:1")["accelerator"] == {
        "name": "card at cuda:1",
        "cuda": "12.8",
        "cudnn": 91_002,
    }


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, []),
        ({"command": "nasbench", "started": "", "commit": "", "seconds": 3}, []),
        ({"threads": 3, "cpu": "another"}, ["cpu", "threads"]),
        ({"libraries": {}}, ["libraries"]),
        ({"device": "cuda:0"}, ["device"]),
    ],
)
def test_what_differs_between_machines(change: dict[str, object], names: list[str]) -> None:
    here = provenance("cpu")
    assert machine_differences(here, here | change) == names
    assert machine_differences(here | change, here) == names


def test_what_a_record_lacks_differs() -> None:
    here = provenance("cpu")
    assert machine_differences({}, here) == [
        *("device", "cpu", "instructions", "threads", "python", "libraries")
    ]


def test_start_and_end() -> None:
    start = datetime.now(timezone.utc) - timedelta(hours=3)
    found = provenance("cpu", start)
    taken = datetime.fromisoformat(found["finished"]) - datetime.fromisoformat(found["started"])
    assert abs(taken - timedelta(hours=3)) < timedelta(seconds=30)


def test_the_start_is_in_utc() -> None:
    start = datetime(2026, 5, 6, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2)))
    assert provenance("cpu", start)["started"] == "2026-05-05T23:02:03+00:00"


def test_the_commit_and_whether_the_code_differs(project: Path) -> None:
    head = commit(project)
    (project / "results.md").write_text("no code")
    found = provenance("cpu")
    assert (found["commit"], found["dirty"]) == (head, False)
    (project / "benchmark" / "code.py").write_text("1")
    assert fresh_state() == (head, True)
    git(project, "checkout", "--quiet", ".")
    assert fresh_state() == (head, False)
    (project / "benchmark" / "new.py").write_text("")
    assert fresh_state() == (head, True)


def fresh_state() -> tuple[str | None, bool | None]:
    code_state.cache_clear()
    return code_state()


def test_git_is_asked_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = commit(project)
    assert provenance("cpu")["commit"] == head
    monkeypatch.setattr(module, "_git", None)
    assert provenance("cpu")["commit"] == head
    assert this_machine("cpu")["device"] == "cpu"
    code_state.cache_clear()
    assert this_machine("cpu")["cpu"]  # needs no git


def test_an_installed_project_has_no_commit(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(project)  # somebody else's repository, with the project somewhere in it
    monkeypatch.setattr(module, "_ROOT", project / "benchmark")
    found = provenance("cpu")
    assert (found["commit"], found["dirty"]) == (None, None)


def test_a_repository_without_a_commit(project: Path) -> None:
    git(project, "init", "--quiet")
    found = provenance("cpu")
    assert (found["commit"], found["dirty"]) == (None, None)


def test_without_git(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(project)
    monkeypatch.setenv("PATH", "")
    found = provenance("cpu")
    assert (found["commit"], found["dirty"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/home/me/.venv/bin/nasbench", "run", "--seeds", "3,7"], "nasbench run --seeds 3,7"),
        (["nasbench", "--out", "/home/me/runs"], "nasbench --out runs"),
        (["nasbench", "--out=/home/me/runs", "--table=a.csv"], "nasbench --out=runs --table=a.csv"),
        (["nasbench", "--out=/home/a=b/runs"], "nasbench --out=runs"),
        (["nasbench", "/home/a=b/runs"], "nasbench runs"),
        (["nasbench", "--out", "results/my runs"], "nasbench --out 'results/my runs'"),
        ([], ""),
    ],
)
def test_the_command_without_the_machines_folders(arguments: list[str], expected: str) -> None:
    assert command_line(arguments) == expected


def test_no_folder_of_this_machine_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [sys.executable, f"--out={Path.home() / 'runs'}"])
    text = json.dumps(provenance("cpu"))
    assert str(Path.home()) + "/" not in text
    assert str(Path(sys.executable).parent) not in text
