"""Which search space an architecture in a file belongs to, where the file does not say it."""

from collections.abc import Sequence

from benchmark.errors import InputError
from benchmark.spaces.base import Space
from benchmark.spaces.registry import SPACES, open_space
from benchmark.text_files import quoted

MOST_TRIED = 5  # architectures that are tried until one is of a space


def spaces_of(text: str) -> list[Space]:
    """Return the spaces that have an architecture of this text.

    Example:
        >>> spaces_of("|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
        [<space nb201>]
    """
    return [space for space in map(open_space, SPACES) if _parses(space, text)]


def recognised_space(texts: Sequence[str]) -> Space:
    """Return the only space that has the first of these texts, at least one, which any has."""
    for text in texts[:MOST_TRIED]:
        match spaces_of(text):
            case [space]:
                return space
            case [_, _, *_] as several:
                raise InputError(
                    f"{quoted(text)} is an architecture of several spaces: name one with --space "
                    f"{' or '.join(space.name for space in several)}"
                )
    raise InputError(
        f"{quoted(texts[0])} is an architecture of no space: correct it, or name the space with "
        f"--space {', '.join(SPACES)}"
    )


def parse_in(space: Space, text: str) -> int:
    """Return the code of a text in a space; the message names another space that has it."""
    try:
        return space.parse(text)
    except InputError as error:
        others = spaces_of(text)
        if not others:
            raise
        raise InputError(
            f"{quoted(text)} is an architecture of {others[0].title} (space {others[0].name}), not "
            f"of {space.title} (space {space.name})"
        ) from error


def check_space(what: str, space: Space, asked: Space | None) -> None:
    """Raise an error if a space is asked for, and what is here is of another."""
    if asked is not None and asked is not space:
        raise InputError(f"{what} of space {space.name}, not of {asked.name}")


def _parses(space: Space, text: str) -> bool:
    try:
        space.parse(text)
    except InputError:
        return False
    return True
