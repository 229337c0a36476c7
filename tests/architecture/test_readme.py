"""CI runs the commands that README.md gives to a newcomer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = (
    "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e . "
    "&& .venv/bin/nasbench run --method gm --seeds 5"
)
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[test]'"
TEST = f"{INSTALL} && .venv/bin/pytest"


def code_lines(text: str) -> list[str]:
    """Return the lines of all fenced blocks."""
    return [line for block in text.split("```")[1::2] for line in block.splitlines()[1:]]


def ci_run(folder: Path, readme: str) -> subprocess.CompletedProcess[str]:
    """Run ``.ci/run`` in a folder with this README.md, with a ``bash`` that only echoes."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "README.md").write_text(readme, encoding="utf-8")
    echo = folder / "bin" / "bash"
    echo.parent.mkdir()
    echo.write_text("#!/bin/sh\nprintf 'bash got: %s\\n' \"$2\"\n", encoding="utf-8")
    echo.chmod(0o755)
    return subprocess.run(
        [shutil.which("bash") or "bash", folder / ".ci" / "run"],
        env=os.environ | {"PATH": f"{echo.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [RUN, TEST], ids=["run", "test"])
def test_readme_has_the_command_once(command: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert code_lines(readme).count(command) == 1


def test_ci_runs_the_test_command_of_the_readme(tmp_path: Path) -> None:
    done = ci_run(tmp_path, (ROOT / "README.md").read_text(encoding="utf-8"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"bash got: {TEST}"


@pytest.mark.parametrize(
    ("readme", "count"),
    [
        pytest.param(f"Run\n{TEST}\n", 0, id="only in prose"),
        pytest.param(f"```sh\n{TEST}\n{TEST}\n```\n", 2, id="twice"),
    ],
)
def test_ci_fails_without_exactly_one_test_command(tmp_path: Path, readme: str, count: int) -> None:
    done = ci_run(tmp_path, readme)
    assert done.returncode == 1
    assert f"README.md has {count} code lines" in done.stderr
    assert "bash got" not in done.stdout


@pytest.mark.parametrize(
    ("workflow", "commands"),
    [
        ("ci", [".ci/run", ".venv/bin/mypy"]),
        ("nightly", [INSTALL, ".venv/bin/pytest -m nightly"]),
    ],
)
def test_a_workflow_runs_these_commands(workflow: str, commands: list[str]) -> None:
    text = (ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text(encoding="utf-8")
    assert [line.partition("- run: ")[2] for line in text.splitlines() if "run: " in line] == (
        commands
    )
