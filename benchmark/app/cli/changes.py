"""``--set SECTION.NAME=VALUE``: other values of single settings."""

from __future__ import annotations

import sys
from typing import Any

import click

from benchmark.errors import InputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHOWN = 60  # characters of a text that a message repeats

set_option = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="SECTION.NAME=VALUE",
    help="Another value of a setting; may be given several times.",
)


def read_changes(texts: tuple[str, ...]) -> dict[str, Any]:
    """Return values by the names of their settings.

    Args:
        texts: Like ``training.epochs=4``; a value is written as in TOML, text needs no quotes.

    Raises:
        InputError: One is written otherwise, or a setting is given twice.

    Example:
        >>> read_changes(("training.budget=64_000", "methods.few-shot.edges=[0, 1]", "a.b=best"))
        {'training.budget': 64000, 'methods.few-shot.edges': [0, 1], 'a.b': 'best'}
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(f"cannot use --set {text[:SHOWN]!r}: write training.budget=64000, say")
        if name.strip() in found:
            raise InputError(f"--set {name.strip()} is given twice: give it once")
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Any:
    """Return what a text means in TOML, or the text."""
    if "\n" in text:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
