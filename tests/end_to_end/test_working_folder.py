"""Files of the working folder that are called like Python's own modules change nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import ROOT, tiny_preset

SCRIPT = Path(sys.executable).with_name("nasbench")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python before 3.11 has no safe path")
@pytest.mark.skipif(not SCRIPT.exists(), reason="the command is not installed")
def test_workers_do_not_import_from_the_working_folder(tmp_path: Path) -> None:
    for name in ("random", "json", "pickle", "numpy", "torch", "statistics", "analysis"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file of the user')")
    tiny_preset(tmp_path)
    preset = next(tmp_path.glob("*.toml"))
    done = subprocess.run(
        [SCRIPT, *f"run --method random --preset {preset} --seeds 2 --jobs 2 --out runs".split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a file of the user" not in done.stderr
    assert "resource_tracker" not in done.stderr
    assert len(list((tmp_path / "runs").glob("random-seed*.json"))) == 2
