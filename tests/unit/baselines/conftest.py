from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from filelock import FileLock

# Python's own assert says nothing of the values; pytest rewrites it in test files alone.
pytest.register_assert_rewrite("tests.unit.baselines.conformance")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: tiny networks are faster so, and sums do not change their order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """Return every method's digest in another process, one for all that test side by side."""
    from tests.unit.baselines.conformance import run_elsewhere

    own = tmp_path_factory.getbasetemp()
    path = (own if worker_id == "master" else own.parent) / "elsewhere.json"
    with FileLock(f"{path}.lock"):
        if not path.exists():
            path.write_text(run_elsewhere(), encoding="utf-8")
        answer: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return answer
