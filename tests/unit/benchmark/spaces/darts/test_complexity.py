from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.spaces.darts.complexity import NONE, DartsScale, parameters_of_cells
from benchmark.spaces.registry import open_space
from tests.unit.benchmark.spaces.darts.naive import OPERATIONS, read

SPACE = open_space("darts")


def test_the_parameters_of_545_trained_genotypes(shared: Path) -> None:
    """OnceNAS-Bench: the evaluation network without its auxiliary head; 359 choose ``none``."""
    numbers = {name: number for number, name in enumerate([*OPERATIONS, "none"])}
    assert numbers["none"] == NONE
    path = shared / "darts-space" / "darts-bench-545.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [row["architecture"] for row in rows]
    published = np.array([round(float(row["params"]) * 1e6) for row in rows])
    sources = np.array([[[[s for s, _ in n] for n in c] for c in read(t)] for t in texts])
    used = np.array([[[[numbers[o] for _, o in n] for n in c] for c in read(t)] for t in texts])
    assert sources.shape == used.shape == (545, 2, 4, 2)
    found = parameters_of_cells(sources, used, DartsScale())
    np.testing.assert_array_equal(found, published)
    valid = [place for place, text in enumerate(texts) if "none" not in text]
    assert len(valid) == 186
    codes = [SPACE.parse(texts[place]) for place in valid]
    np.testing.assert_array_equal(SPACE.parameters(codes, SPACE.table_scale), published[valid])
    for place in set(range(545)) - set(valid):
        with pytest.raises(InputError, match="has operation none"):
            SPACE.parse(texts[place])


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("resolution", 30, "resolution is 30: .* multiple of 4"),
        ("channels", 5, "channels is 5: .* even"),
        ("cells", 2, "cells is 2: use 3 or more"),
        ("classes", 0, "classes is 0"),
    ],
)
def test_a_size_that_no_network_has(setting: str, value: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DartsScale(**{setting: value})


@pytest.mark.parametrize(("cells", "reductions"), [(3, (1, 2)), (8, (2, 5)), (20, (6, 13))])
def test_the_reduction_cells(cells: int, reductions: tuple[int, int]) -> None:
    assert DartsScale(cells=cells).reductions == reductions
    places = list(DartsScale(cells=cells, channels=4).places())
    assert [number for number, place in enumerate(places) if place.reduces] == list(reductions)
    assert [place.channels for place in places][:: cells - 1] == [4, 16]
    assert [place.resolution for place in places][:: cells - 1] == [32, 8]
    assert places[0].before == places[0].last == 12
    assert DartsScale(cells=cells, channels=4).outputs == 4 * places[-1].channels
