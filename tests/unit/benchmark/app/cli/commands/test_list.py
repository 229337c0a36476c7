from __future__ import annotations

from collections.abc import Iterable

import pytest

from baselines.registry import METHODS
from benchmark.images import DATASETS
from benchmark.spaces.registry import SPACES
from benchmark.tasks.protocol import load_protocol, protocol_names
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
        ("protocols", protocol_names(), [load_protocol(n).description for n in protocol_names()]),
    ],
)
def test_every_name_has_its_line(
    what: str, names: Iterable[str], descriptions: Iterable[str]
) -> None:
    called = nasbench("list", what)
    assert (called.code, called.err) == (0, "")
    lines = [line.split(maxsplit=1) for line in called.out.splitlines()]
    assert lines == [list(pair) for pair in zip(names, descriptions, strict=True)]


def test_presets_say_their_space() -> None:
    called = nasbench("list", "presets")
    assert (called.code, called.err) == (0, "")
    tasks = [load_preset(name) for name in preset_names()]
    lines = [line.split(maxsplit=2) for line in called.out.splitlines()]
    assert lines == [[task.preset, task.space, task.description] for task in tasks]
    assert {"nb201", "macro"} <= {task.space for task in tasks}


def test_spaces_say_what_they_are() -> None:
    called = nasbench("list", "spaces")
    assert (called.code, called.err) == (0, "")
    lines = called.out.splitlines()
    assert [line.split()[0] for line in lines] == [*SPACES]
    assert lines[0].split(maxsplit=1)[1] == (
        "NAS-Bench-201, a cell of six edges with five operations each: 6 decisions with 5 options, "
        "15,625 architectures; Dong & Yang, ICLR 2020, arXiv 2001.00326"
    )
    assert "34 decisions with 3 to 10 options, 1.1e+18 architectures; Liu, Sim" in called.out


def test_descriptions_stand_below_each_other() -> None:
    shown = nasbench("list", "methods").out.splitlines()
    pairs = zip(shown, METHODS.values(), strict=True)
    assert len({line.index(method.description) for line, method in pairs}) == 1
