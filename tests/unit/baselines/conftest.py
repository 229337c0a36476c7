from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

# Python's own assert says nothing of the values; pytest rewrites it in test files alone.
pytest.register_assert_rewrite("tests.unit.baselines.conformance")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: tiny networks are faster so, and sums do not change their order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
