"""Changing signed files and signing them again, as a forger could."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark.records.json_values import digest

Change = Callable[[dict[str, Any]], object]


def resign(path: Path, change: Change) -> None:
    """Change the contents of a signed file and sign it again."""
    contents = json.loads(path.read_text("utf-8"))
    contents.pop("sha256")
    change(contents)
    signed = contents | {"sha256": digest(contents)}
    path.write_text(json.dumps(signed, indent=1, sort_keys=True) + "\n", "utf-8")
