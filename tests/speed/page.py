"""Storing measurements by section, and writing the page of all of them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from benchmark.files import write_atomic
from benchmark.records.provenance import provenance

HEAD = """# Speed

Made by `python -m tests.speed`; a section that is measured again replaces the older one. Both sides
of a comparison run in turns, each on one thread of a process of its own, ours as in a worker of
`nasbench run`; the median of the processor's time is shown, except where it says otherwise.
"""


@dataclass(frozen=True)
class Section:
    """A table with its heading, the paragraphs below it, and the name of a figure, if any."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)
    figure: str = ""


def keep(name: str, section: Section, folder: Path) -> None:
    """Write a section's measurements, and on which machine they were made."""
    environment = provenance("cpu")
    where = (
        f"{environment['cpu']}, {os.cpu_count()} cores, {environment['instructions']}; "
        f"Python {environment['python']}, PyTorch {environment['libraries']['torch']}; "
        f"commit {str(environment['commit'])[:12]}"
        f"{' with changes' if environment['dirty'] else ''}; "
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
    )
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(section) | {"where": where}, indent=1, ensure_ascii=False)
    write_atomic(folder / f"{name}.json", text + "\n")


def write_page(names: list[str], folder: Path, path: Path) -> None:
    """Write all stored sections in the order of ``names``."""
    parts = [HEAD]
    for name in names:
        file = folder / f"{name}.json"
        if file.exists():
            parts.append(_markdown(json.loads(file.read_text("utf-8")), folder.name))
    write_atomic(path, "\n".join(parts))


def _markdown(kept: dict[str, object], folder: str) -> str:
    values = dict(kept)
    where = values.pop("where")
    section = Section(**values)  # type: ignore[arg-type]
    lines = [f"## {section.title}", ""]
    if section.rows:
        lines += [_line(section.header), _line(["---"] * len(section.header))]
        lines += [*map(_line, section.rows), ""]
    for note in section.notes:
        lines += [note, ""]
    if section.figure:
        lines += [f"![{section.title}]({folder}/{section.figure})", ""]
    return "\n".join([*lines, f"*{where}*", ""])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
