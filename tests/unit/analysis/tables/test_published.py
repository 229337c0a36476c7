from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from analysis.metrics.ranking import METRICS, rank_metrics
from analysis.tables.published import COLUMNS, published_path, read_published
from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.truth import open_table

SPACE = open_space("nb201")

GOOD = "a,nb201,cifar10_test_200,kendall_tau,0.5,0.1,3,-,a paper"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "published.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
    return path


def test_the_projects_file_says_where_every_number_stands() -> None:
    path = published_path()
    assert path is not None
    numbers = read_published(path)
    assert len(numbers) > 20
    assert all(len(number.source) > 5 for number in numbers)
    for number in numbers:
        low, high = METRICS[number.metric].bounds
        assert low <= number.value <= high


def test_numbers_of_published_scores_are_what_the_scores_give(shared: Path) -> None:
    folder = shared / "nas-bench-201"
    path = published_path()
    assert path is not None
    numbers = [number for number in read_published(path) if "(Zhao 2021)" in number.name]
    table = open_table(folder / "accuracies.csv")
    for method in ("one-shot", "few-shot"):
        with (folder / "published-predictions" / f"zhao2021-{method}.csv").open() as file:
            score = {SPACE.parse(row["arch"]): float(row["score"]) for row in csv.DictReader(file)}
        mine = [number for number in numbers if number.name.startswith(method)]
        assert len(mine) == 6
        scores = np.array([score[code] for code in range(SPACE.size)])
        found = rank_metrics(scores[table.codes], table.accuracy(mine[0].key))
        for number in mine:
            digits = 2 if METRICS[number.metric].unit else 3
            assert METRICS[number.metric].of(found) == pytest.approx(
                number.value, abs=0.6 / 10**digits
            )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (GOOD.replace("kendall_tau", "kendal"), r"row 2: unknown metric 'kendal'"),
        (GOOD.replace("nb201", "nb202"), r"row 2: unknown space 'nb202': did you mean 'nb201'"),
        (GOOD.replace("0.5", "x"), r"row 2: value is 'x': it must be a number"),
        (GOOD.replace("0.5", "nan"), r"row 2: value is 'nan'"),
        (GOOD.replace(",3,", ",0,"), r"row 2: runs is '0'"),
        (GOOD.replace("cifar10_test_200", "cifar10"), r"row 2: not an accuracy"),
        (GOOD.replace("a paper", ""), r"row 2: name or source is empty"),
        (GOOD + ",more", r"row 2: there are 10 columns: there must be 9"),
        (GOOD + "\n" + GOOD, r"row 3: a has its kendall_tau twice"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_published(write(tmp_path, line))


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(InputError, match="cannot read"):
        read_published(path)
    path.write_text("arch,score\n")
    with pytest.raises(InputError, match="must begin with the line name,space,accuracy"):
        read_published(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        read_published(path)
    path.write_bytes(b"x" * (1 << 21))
    with pytest.raises(InputError, match="has more than 1 MB: give a small CSV file"):
        read_published(path)
