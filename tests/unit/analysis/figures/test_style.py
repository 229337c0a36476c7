from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from analysis.figures import Panel, comparison_figure, save_figure, style
from benchmark.errors import InputError

MakePanel = Callable[..., Panel]


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".png", b"\x89PNG\r\n"),
        (".PDF", b"%PDF-"),
        (".svg", b"<?xml version"),
    ],
)
def test_drawn_twice_the_file_is_the_same(
    make_panel: MakePanel, tmp_path: Path, suffix: str, start: bytes
) -> None:
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path, saves in zip(paths, (1, 2), strict=True):
        figure = comparison_figure([make_panel(size=60)])
        for _ in range(saves):
            save_figure(figure, path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith(start)
    assert sorted(tmp_path.iterdir()) == paths


def test_a_pdf_embeds_its_fonts(make_panel: MakePanel, tmp_path: Path) -> None:
    save_figure(comparison_figure([make_panel(size=60)]), tmp_path / "a.pdf")
    contents = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in contents
    assert b"/Type3" not in contents


def test_a_figure_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Figure, path: Path, **_: Any) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("no more")

    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(RuntimeError, match="no more"):
        save_figure(Figure(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"let it end in \.png or \.pdf or \.svg"):
        save_figure(Figure(), tmp_path / "a.gif")


def test_nothing_is_left_behind(make_panel: MakePanel) -> None:
    before = mpl.rcParams.copy()
    with style():
        assert mpl.rcParams["pdf.fonttype"] == 42
    comparison_figure([make_panel()])
    assert mpl.rcParams == before
    assert plt.get_fignums() == []


def test_no_text_is_taken_for_mathematics(tmp_path: Path) -> None:
    """A name with dollar signs that is no formula would end the drawing."""
    with style():
        figure = Figure()
        figure.text(0.5, 0.5, r"$\frac{$")
    save_figure(figure, tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_what_a_user_has_set_changes_no_figure(
    make_panel: MakePanel, tmp_path: Path, suffix: str
) -> None:
    theirs: Any = {
        "text.usetex": True,
        "font.size": 30,
        "axes.grid": True,
        "savefig.bbox": "tight",
        "lines.linewidth": 9,
    }

    def drawn(name: str) -> bytes:
        figure = comparison_figure([make_panel(size=60)])
        save_figure(figure, tmp_path / f"{name}{suffix}")
        return (tmp_path / f"{name}{suffix}").read_bytes()

    plain = drawn("plain")
    with mpl.rc_context(theirs):
        assert drawn("theirs") == plain
        assert mpl.rcParams["font.size"] == 30
