"""Predictions as JSON: one object from architectures to scores.

The text is read entry by entry instead of by `json.load`, which keeps no place of anything, takes
the last of two equal names, and recurses into whatever is nested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from benchmark.errors import InputError
from benchmark.spaces.nb201.lists import shown
from benchmark.truth.predictions.contents import Entry, Place

_AHEAD = 40  # letters of what stands at a fault
_BLANK = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_KINDS = {
    "{": "an object",
    "[": "a list",
    '"': "a string",
    "t": "true",
    "f": "false",
    "n": "null",
}


def json_entries(text: str) -> Iterator[Entry]:
    """Yield the entries of a JSON file.

    Numbers are handed on as they stand there, ``NaN`` and ``Infinity`` included, which Python
    writes although JSON has no such thing.

    Raises:
        InputError: Something in it is not as it must be; the message begins with the line.

    Example:
        >>> list(json_entries('{"|none~0|": 61.5}'))
        [Entry(place=Place(line=1, column=2), arch='|none~0|', score='61.5')]
    """
    scanner = _Scanner(text)
    scanner.sign("{", "the file must be one object from architectures to scores")
    if scanner.has("}"):
        return
    yield scanner.entry()
    while scanner.sign(",}", "a comma or the closing brace must follow a score") == ",":
        yield scanner.entry()
    scanner.end()


class _Scanner:
    """Reads a text from left to right.

    Args:
        text: The whole file.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._line_start = 1, 0

    def has(self, signs: str) -> bool:
        """Pass over blanks and tell whether one of some signs comes next."""
        after = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr] # matches ""
        breaks = self._text.count("\n", self._at, after)
        if breaks:
            self._line += breaks
            self._line_start = self._text.rfind("\n", self._at, after) + 1
        self._at = after
        return self._at < len(self._text) and self._text[self._at] in signs

    def sign(self, signs: str, rule: str) -> str:
        """Read one of some signs; otherwise the rule says what is wrong."""
        if not self.has(signs):
            raise self.fault(rule)
        self._at += 1
        return self._text[self._at - 1]

    def entry(self) -> Entry:
        """Read a name, a colon and a number."""
        if not self.has('"'):
            raise self.fault("an architecture in double quotes must come here")
        place = self.place
        arch = self._value("the architecture")
        self.sign(":", f"a colon must follow {shown(arch)}")
        if not self.has("-0123456789NI"):
            kind = _KINDS.get(self._text[self._at : self._at + 1], "missing")
            raise self.fault(f"the score of {shown(arch)} is {kind}: it must be a number")
        return Entry(place, arch, self._value("the score"))

    def end(self) -> None:
        """Make sure that nothing is left."""
        self.has("")
        if self._at < len(self._text):
            raise self.fault("something follows the closing brace; a file is one object")

    @property
    def place(self) -> Place:
        """Where the next sign stands."""
        return Place(self._line, self._at - self._line_start + 1)

    def fault(self, rule: str) -> InputError:
        """Return the error for what stands here, or for the end of the file."""
        rest = self._text[self._at : self._at + _AHEAD].split("\n")[0]
        if not rest:
            return InputError(
                f"{self.place}: the file ends within its object; it was cut off there"
            )
        return InputError(f"{self.place}: {rule}; here stands {shown(rest)}")

    def _value(self, what: str) -> str:
        """Read a string or the letters of a number."""
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise self.fault(f"{what} is damaged, or the file was cut off there") from error
        return str(value)
