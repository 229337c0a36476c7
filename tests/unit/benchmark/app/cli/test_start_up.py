"""Commands that need nothing heavy load nothing heavy, so they answer at once."""

from __future__ import annotations

import pytest

from tests.command_line import CALL_MAIN, finish, start_nasbench

HEAVY = {"torch", "numpy", "pandas", "scipy", "matplotlib", "sklearn", "pyarrow", "joblib"}

# Lists on stderr what a command had loaded by its end.
SAY_MODULES = f"""
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
{CALL_MAIN}
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["compare", "--help"], ["list", "methods"]]
)
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    called = finish(start_nasbench(*arguments, code=SAY_MODULES))
    assert called.code == 0
    loaded = {name.partition(".")[0] for name in called.err.split()}
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & HEAVY


@pytest.mark.parametrize("arguments", [["list", "spaces"], ["tables", "info"]])
def test_spaces_and_tables_need_no_pytorch(arguments: list[str]) -> None:
    called = finish(start_nasbench(*arguments, code=SAY_MODULES))
    assert called.code == 0
    assert "torch" not in called.err.split()


def test_a_worker_imports_little_beside_pytorch() -> None:
    """Each process of a run does, so a second here is one for each worker."""
    code = "import sys, benchmark.app.running.runner; print(*sys.modules, file=sys.stderr)"
    called = finish(start_nasbench(code=code))
    assert called.code == 0
    loaded = set(called.err.split())
    assert "torch" in loaded
    heavy = {"pandas", "scipy.stats", "sklearn", "matplotlib", "pyarrow", "distributed"}
    assert loaded.isdisjoint(heavy), loaded & heavy
