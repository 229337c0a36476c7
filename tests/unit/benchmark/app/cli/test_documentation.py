"""Commands and paths that the documentation names are there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from benchmark.app.cli.root import cli
from tests.command_line import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "benchmark|baselines|analysis|tests|docs|results|notebooks"


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each nasbench command in the fenced blocks of a page."""
    for block in re.findall(r"```(?:sh|yaml)\n(.*?)```", text, flags=re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.match(r"\s*(?:- run: )?nasbench (.*)", line)
            if found:
                yield shlex.split(found[1].split(" > ")[0], comments=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_understood(page: Path) -> None:
    for words in commands(page.read_text("utf-8")):
        command: click.Command = cli
        context = click.Context(cli, **cli.context_settings)
        rest = [word.replace("<", "").replace(">", "") for word in words]
        while isinstance(command, click.Group):
            command = command.commands[rest.pop(0)]
        if "--help" not in rest:
            command.make_context("nasbench", rest, parent=context).close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_exist(page: Path) -> None:
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", page.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_commands_are_found() -> None:
    assert len(list(commands(PAGES[0].read_text("utf-8")))) > 10
