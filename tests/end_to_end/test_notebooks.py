"""The notebooks, from a fresh kernel to the last cell, and what of them lies in git."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import ROOT

FOLDER = ROOT / "notebooks"
NAMES = ("bring_your_own_method", "reproduce_paper")


def read(name: str) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    return notebook


def shown(notebook: Any) -> str:
    """Return all text that the cells of an executed notebook show."""
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    said = [one.get("text") or one.get("data", {}).get("text/markdown", "") for one in outputs]
    return "\n".join(said)


def executed(
    name: str, capsys: pytest.CaptureFixture[str], change: Callable[[str], str] = str
) -> Any:
    """Run a notebook in a kernel of its own, as a user would in its folder, its cells changed."""
    from nbclient import NotebookClient
    from nbformat import read as read_notebook

    start = time.monotonic()
    notebook = read_notebook(FOLDER / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = change(cell.source)
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
    ).execute()
    with capsys.disabled():
        print(f"\n{name} took {time.monotonic() - start:.0f} s", file=sys.stderr)
    return notebook


def test_every_notebook_is_tested() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_no_outputs(name: str) -> None:
    for cell in read(name)["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.slow
def test_the_paper_is_reproduced(capsys: pytest.CaptureFixture[str]) -> None:
    notebook = executed("reproduce_paper", capsys)
    text = shown(notebook)
    for title in ("Ranking quality", "Search outcome", "Budget", "Paired comparisons"):
        assert f"**{title}**" in text
    assert "‡" in text  # published rows
    assert "one-shot − few-shot: Kendall τ-b" in text
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    assert sum("image/png" in one.get("data", {}) for one in outputs) >= 9


@pytest.mark.slow
def test_the_paper_is_reproduced_from_new_runs(
    capsys: pytest.CaptureFixture[str], preset: Path, tmp_path: Path
) -> None:
    """The same notebook with its other source, and a preset that takes seconds."""

    def small(source: str) -> str:
        return (
            source.replace('SOURCE = "records"', 'SOURCE = "ci"')
            .replace('load_preset("ci")', f"load_preset({str(preset)!r})")
            .replace('Path("../runs/ci")', f"Path({str(tmp_path / 'runs')!r})")
            .replace("range(5)", "range(2)")
        )

    text = shown(executed("reproduce_paper", capsys, small))
    assert f"6 runs of preset {preset.stem}: one-shot, few-shot, gm" in text
    assert "**Ranking quality**" in text


@pytest.mark.slow
def test_a_method_of_ones_own_is_ranked(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(executed("bring_your_own_method", capsys))
    for row in ("| random-split ", "| convolutions † ", "| one-shot "):
        assert row in text
    assert "random-split − one-shot: Kendall τ-b" in text
