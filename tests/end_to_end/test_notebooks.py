"""The notebooks: here with a tiny task, every night as committed and from a fresh kernel."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import ROOT

FOLDER = ROOT / "notebooks"
NAMES = ("bring_your_own_method", "reproduce_paper")

Change = Callable[[str], str]


def read(name: str) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    return notebook


def executed_here(name: str, change: Change, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a notebook's changed code in this process, in its folder, and return what it shows."""
    out = StringIO()
    monkeypatch.chdir(FOLDER)
    monkeypatch.setattr("IPython.display.display", lambda one: print(getattr(one, "data", one)))
    variables = {"__name__": "__main__"}
    with redirect_stdout(out):
        for cell in read(name)["cells"]:
            if cell["cell_type"] == "code":
                code = compile(change("".join(cell["source"])), name, "exec", dont_inherit=True)
                exec(code, variables)
    return out.getvalue()


def executed_in_kernel(name: str, capsys: pytest.CaptureFixture[str], change: Change = str) -> Any:
    """Run a notebook in a kernel of its own, as a user would."""
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


def shown(notebook: Any) -> str:
    """Return all text that the cells of an executed notebook show."""
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    texts = [one.get("text") or one.get("data", {}).get("text/markdown", "") for one in outputs]
    return "\n".join(texts)


def from_new_runs(preset: Path, folder: Path) -> Change:
    """Return what lets `reproduce_paper` run a tiny preset at two seeds."""
    return lambda source: (
        source.replace('SOURCE = "records"', 'SOURCE = "ci"')
        .replace('load_preset("ci")', f"load_preset({str(preset)!r})")
        .replace('Path("../runs/ci")', f"Path({str(folder)!r})")
        .replace("range(5)", "range(2)")
        .replace("Workers(2)", "Workers(1)")
    )


def test_every_notebook_is_tested() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_no_outputs(name: str) -> None:
    for cell in read(name)["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.nightly
def test_the_paper_is_reproduced_from_new_runs(
    preset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = from_new_runs(preset, tmp_path / "runs")
    text = executed_here("reproduce_paper", change, monkeypatch)
    assert f"6 runs of preset {preset.stem}: one-shot, few-shot, gm" in text
    for title in ("Ranking quality", "Search outcome", "Budget", "Paired comparisons"):
        assert f"**{title}**" in text
    assert "‡" in text  # published rows
    assert "one-shot − few-shot: Kendall τ-b" in text


def test_a_method_of_ones_own_is_ranked(preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(source: str) -> str:
        return source.replace('load_preset("ci")', f"load_preset({str(preset)!r})").replace(
            "ci.training.budget // 8", "ci.training.budget // 2"
        )

    text = executed_here("bring_your_own_method", change, monkeypatch)
    assert "300 images of budget, 300 architectures to rank" in text
    for row in ("| random-split ", "| convolutions † ", "| one-shot "):
        assert row in text
    assert "random-split − one-shot: Kendall τ-b" in text


@pytest.mark.nightly
def test_the_paper_is_reproduced_in_a_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    notebook = executed_in_kernel("reproduce_paper", capsys)
    assert "one-shot − few-shot: Kendall τ-b" in shown(notebook)
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    assert sum("image/png" in one.get("data", {}) for one in outputs) >= 9


@pytest.mark.nightly
def test_new_runs_are_made_in_a_kernel(
    capsys: pytest.CaptureFixture[str], preset: Path, tmp_path: Path
) -> None:
    change = from_new_runs(preset, tmp_path / "runs")
    text = shown(executed_in_kernel("reproduce_paper", capsys, change))
    assert f"6 runs of preset {preset.stem}: one-shot, few-shot, gm" in text


@pytest.mark.nightly
def test_a_method_of_ones_own_is_ranked_in_a_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    assert "| random-split " in shown(executed_in_kernel("bring_your_own_method", capsys))
