from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import tiny_preset


@pytest.fixture(scope="session")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a tiny preset."""
    return tiny_preset(tmp_path_factory.mktemp("preset"))
