"""Short signs of options, for narrow places in figures."""

import re
from collections.abc import Iterable, Mapping, Sequence

from benchmark.spaces.base import JOINED, Space

LONGEST = 4  # letters of a name that is its own sign


def signs_of(space: Space) -> dict[str, str]:
    """Return a sign for each name among the options of a space, no two alike."""
    return option_signs(option for decision in space.decisions for option in decision.options)


def option_signs(names: Iterable[str]) -> dict[str, str]:
    """Return a sign for each name: itself where it is short, or else the initials of its words.

    One long word is cut. Where two would be alike, or too long, the signs are a, b, c and so on.

    Example:
        >>> option_signs(["none", "nor_conv_1x1", "nor_conv_3x3"])
        {'none': 'none', 'nor_conv_1x1': 'nc1', 'nor_conv_3x3': 'nc3'}
    """
    different = list(dict.fromkeys(names))
    signs = [name if len(name) <= LONGEST else _initials(name) for name in different]
    if len(set(signs)) < len(signs) or not all(0 < len(sign) <= LONGEST for sign in signs):
        signs = [_letter(place) for place in range(len(different))]
    return dict(zip(different, signs, strict=True))


def sign_of(option: str, signs: Mapping[str, str]) -> str:
    """Return the sign of an option; of options that are taken together, their signs joined."""
    return "&".join(signs[name] for name in option.split(JOINED))


def explained(options: Sequence[str], signs: Mapping[str, str]) -> str:
    """Return a sentence that says what signs of options stand for; empty where they are names."""
    names = {name for option in options for name in option.split(JOINED)}
    shown = [f"{sign}: {name}" for name, sign in signs.items() if name in names and sign != name]
    return f" {', '.join(shown)}." if shown else ""


def _initials(name: str) -> str:
    words = re.findall(r"[^\W_]+", name)
    return "".join(word[0] for word in words) if len(words) > 1 else name[:LONGEST]


def _letter(place: int) -> str:
    round_, letter = divmod(place, 26)
    return "abcdefghijklmnopqrstuvwxyz"[letter] + (str(round_) if round_ else "")
