from __future__ import annotations

from collections.abc import Iterable

import pytest

from baselines.registry import METHODS
from benchmark.images import DATASETS
from benchmark.tasks.task import load_preset, preset_names
from benchmark.truth import TABLES
from benchmark.truth.sources import analog
from tests.command_line import nasbench


@pytest.mark.parametrize(
    ("what", "names", "descriptions"),
    [
        ("methods", METHODS, [method.description for method in METHODS.values()]),
        ("datasets", DATASETS, [record.description for record in DATASETS.values()]),
        ("tables", TABLES, [analog.DESCRIPTION]),
        ("presets", preset_names(), [load_preset(name).description for name in preset_names()]),
    ],
)
def test_every_name_has_its_line(
    what: str, names: Iterable[str], descriptions: Iterable[str]
) -> None:
    called = nasbench("list", what)
    assert (called.code, called.err) == (0, "")
    lines = [line.split(maxsplit=1) for line in called.out.splitlines()]
    assert lines == [list(pair) for pair in zip(names, descriptions, strict=True)]


def test_descriptions_stand_below_each_other() -> None:
    shown = nasbench("list", "methods").out.splitlines()
    pairs = zip(shown, METHODS.values(), strict=True)
    assert len({line.index(method.description) for line, method in pairs}) == 1
