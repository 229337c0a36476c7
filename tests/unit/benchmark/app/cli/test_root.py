"""Every command explains itself, with examples that can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib import metadata

import click
import pytest

from benchmark.app.cli import main
from benchmark.app.cli.root import cli
from tests.command_line import Called, nasbench


def commands(
    command: click.Command = cli, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield all commands with the words that call them."""
    yield words, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, (*words, name))


COMMANDS = dict(commands())
EXAMPLES = [
    line.strip()
    for command in COMMANDS.values()
    for line in (command.help or "").splitlines()
    if line.lstrip().startswith("nasbench ")
]
WORDS = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


def test_all_commands_are_found() -> None:
    assert {" ".join(words) for words in COMMANDS} >= {
        "",
        "run",
        "compare",
        "list",
        "show preset",
        "tables import",
    }
    assert len(EXAMPLES) >= len(COMMANDS)


@WORDS
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(words: tuple[str, ...], flag: str) -> None:
    called = nasbench(*words, flag)
    assert called.code == 0
    assert called.err == ""
    assert f"Usage: {' '.join(['nasbench', *words])}" in called.out


@WORDS
def test_help_has_examples(words: tuple[str, ...]) -> None:
    shown = nasbench(*words, "--help").out
    assert re.search(rf"\n  Examples?:\n    {' '.join(['nasbench', *words])}", shown)


@WORDS
def test_every_option_has_help(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    assert command.get_short_help_str()
    options = [
        given
        for given in command.get_params(click.Context(command, **cli.context_settings))
        if not isinstance(given, click.Argument)  # click lets no argument have help of its own
    ]
    for option in options:
        assert isinstance(option, click.Option)
        assert re.fullmatch(r"[A-Z].*[.\]]", option.help or ""), option.name


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_can_be_typed(example: str) -> None:
    command: click.Command = cli
    _, *arguments = shlex.split(example)
    while isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    # As when called by its words: click keeps the help option of the first context it sees.
    parent = click.Context(cli, **cli.context_settings)
    command.make_context(example, arguments, parent=parent).close()


def test_no_command_shows_help() -> None:
    assert nasbench() == Called(0, nasbench("--help").out, "")
    assert nasbench("list") == Called(0, nasbench("list", "--help").out, "")


def test_version() -> None:
    version = metadata.version("nasbench-suite")
    assert nasbench("--version") == Called(0, f"nasbench, version {version}\n", "")


def test_the_installed_command_is_this_one() -> None:
    (script,) = metadata.entry_points(group="console_scripts", name="nasbench")
    assert script.load() is main
