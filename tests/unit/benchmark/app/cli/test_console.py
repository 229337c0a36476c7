from __future__ import annotations

import pytest

from analysis.tables import TableCell, TextTable
from benchmark.app.cli import console

NUMBERS = ["0.4855", "-0.2218", "15,625", "92.94"]
NAME = "a-file-with-a-rather-long-name-2021.csv"
TABLE = TextTable(
    title="Quality",
    header=("File", "Kendall τ-b ↑", "In the true top 10% ↑", "Architectures", "Best (%) ↑"),
    rows=(tuple(map(TableCell, [NAME, *NUMBERS])),),
    caption="One run.",
)


@pytest.mark.parametrize("width", [60, 80, 120, 180])
def test_no_number_is_broken_or_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    monkeypatch.setattr(console, "page_width", lambda: width)
    console.show(TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    (row,) = (line.split() for line in lines if NUMBERS[0] in line)
    assert row[1:] == NUMBERS
    rule = next(number for number, line in enumerate(lines) if "───" in line)
    assert "".join(line[2:].split(" ")[0] for line in lines[rule + 1 : -1]) == NAME
    assert lines[-1].strip() == "One run."


@pytest.mark.usefixtures("capsys")
def test_without_a_terminal_a_page_is_wide() -> None:
    assert console.page_width() == console.PAGE
