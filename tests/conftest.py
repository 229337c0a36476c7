"""Settings and fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(__file__).resolve().parents[2] / "shared"

# No deadline, since machines may be under load. CI always uses the same examples, so that a change
# cannot fail there because of a new one. Half of hypothesis's usual number keeps tests fast.
EXAMPLES = int(os.environ.get("NASBENCH_EXAMPLES") or 50)
settings.register_profile("nasbench", deadline=None, max_examples=EXAMPLES)
settings.register_profile("nasbench-ci", deadline=None, derandomize=True, max_examples=EXAMPLES)
settings.load_profile("nasbench-ci" if os.environ.get("CI") else "nasbench")

# Tests run in two processes; with a thread for each core in both they would slow each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test opens a window.
os.environ["MPLBACKEND"] = "Agg"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with the official data, beside the checkout; skip the test without it."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the official data in {SHARED}")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Use an empty cache instead of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
