"""Damaged presets and published numbers: each is read, or refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.tables.published import COLUMNS, read_published
from baselines.registry import method_class
from benchmark.errors import InputError
from benchmark.tasks.task import described_task, load_preset, parse_task
from tests.command_line import TINY_PRESET
from tests.fuzzing import bounded, cases, changed, timed

FUZZ = settings(
    max_examples=cases(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PUBLISHED = (
    ",".join(COLUMNS) + "\nSynFlow,nb201,cifar10_test_200,kendall_tau,0.561,0.1,3,-,a paper\n"
)
SPLINTERS = [
    *("[" * 5_000, "{a=" * 5_000, "a." * 5_000, "9" * 5_000, "0x" + "f" * 5_000, "1e999", "nan"),
    *("inf", "-1", "\x00", "\ufeff", '"""', "[methods.gm]\n", "[[methods]]\n", "99999-99-99"),
    *("true", "_", "1_0", "\\uD800", "=", ",", '"', "\r", "\n", "{}", "cells = 0\n"),
]


@pytest.fixture(autouse=True)
def _bounds() -> Iterator[None]:
    with bounded():
        yield


def damaged(text: str) -> st.SearchStrategy[str]:
    """Return texts in which one to three places were cut out or filled with something."""
    places = st.tuples(
        st.integers(0, len(text)),
        st.sampled_from([0, 0, 1, 5, 40]),
        st.sampled_from(SPLINTERS) | st.text(max_size=10),
    )

    def change(cuts: list[tuple[int, int, str]]) -> str:
        whole = text
        for start, length, put in cuts:
            whole = whole[:start] + put + whole[start + length :]
        return whole

    return st.lists(places, min_size=1, max_size=3).map(change)


def refused(read: Callable[[], object]) -> bool:
    """Return whether a reader refuses; if so, in one line, which the command cuts if it is long."""
    message = ""
    try:
        with timed():
            read()
    except InputError as error:
        message = str(error)
    assert "\n" not in message
    return bool(message)


@FUZZ
@given(data=st.data())
def test_a_preset(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(damaged(TINY_PRESET))
    path = tmp_path / "tiny.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    def read() -> None:
        task = load_preset(str(path))
        for name in task.methods:
            method_class(name)(task.methods[name])
        assert task.describe("gm")["preset"] == "tiny"

    refused(read)


@FUZZ
@given(data=st.data())
def test_a_described_task(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_PRESET)
    described = json.loads(json.dumps(load_preset(str(path)).describe("gm")))
    contents: Any = data.draw(changed(described))
    if isinstance(contents, dict):  # as a record's reader has checked
        refused(lambda: described_task("gm", contents))


@FUZZ
@given(data=st.data())
def test_published_numbers(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(damaged(PUBLISHED))
    path = tmp_path / "published.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused(lambda: read_published(path))


def test_a_name_of_many_parts_takes_no_memory() -> None:
    """tomllib would take 900 MB for it."""
    path = ".".join("a" * 15_000)
    with pytest.raises(InputError, match=r"^preset mine: line 2 has more than 32 dots"):
        parse_task("mine", f"\n{path} = 1")


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "published.csv"
    path.write_text(PUBLISHED.replace(",3,", f",{'9' * 5_000},"), encoding="utf-8")
    with pytest.raises(InputError, match=r"^.*, row 2: runs is '9{59}: it must be an integer from"):
        read_published(path)


def test_a_large_preset_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match=r"large.toml has more than 1 MB: give a small file"):
        load_preset(str(path))
