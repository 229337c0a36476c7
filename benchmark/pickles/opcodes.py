"""Checking a pickle's opcodes before it is unpickled: where it ends, and that its sizes are sound.

Python's unpickler trusts the lengths and memo numbers in a pickle and allocates accordingly, and
it hashes nested tuples recursively until the C stack is full. A walk goes through the opcodes
first (they are described in the standard library's ``pickletools``) and refuses those that no
benchmark file contains, lengths beyond the end, and unbounded nesting.
"""

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError

MARK, STOP, SETITEM, SETITEMS, EMPTY_DICT, TUPLE2 = b"(.su}\x86"
BINPUT, LONG_BINPUT, LONG_BINGET = b"qrj"
MAX_TUPLES = 10_000  # nested tuples are hashed by recursion in C

_FIXED = {1: b"N\x88\x89abs}])R\x81Q0\x94\x8f\x93", 2: b"\x80Kqh", 3: b"M", 5: b"J", 9: b"G\x95"}
# Bytes of each opcode with its argument; 0 where the size is not fixed.
_SIZE = [0] * 256
for _size, _opcodes in _FIXED.items():
    for _opcode in _opcodes:
        _SIZE[_opcode] = _size
_CLOSING = frozenset(b"tueld\x90")
_TUPLES = frozenset(b"\x85\x86\x87t")
_LENGTHS = {
    **dict.fromkeys(b"UC\x8a\x8c", struct.Struct("<B")),
    **dict.fromkeys(b"XTB\x8b", struct.Struct("<I")),
    **dict.fromkeys(b"\x8d\x8e\x96", struct.Struct("<Q")),
}
_GLOBAL = ord("c")  # followed by two lines, module and name


class CutOffError(Exception):
    """The bytes end before the pickle does."""


@dataclass
class Walk:
    """What a walk has found, as positions in the bytes.

    All methods raise `CutOffError` if the bytes end first, and `InputError` for an opcode, a length
    or a memo number that no benchmark file has.
    """

    puts: list[int] = field(default_factory=list)  # where four-byte memo numbers are stored
    gets: list[int] = field(default_factory=list)  # and where they are taken from
    tuples: int = 0  # number of tuples so far

    def group(self, data: bytes, start: int) -> tuple[int, int]:
        r"""Walk from the mark at ``start`` to the opcode that closes it.

        Returns:
            The position after the closing opcode, and that opcode.
        """
        return self._walk(data, start, False)

    def whole(self, data: bytes, start: int = 0) -> int:
        """Walk over a whole pickle and return the position after its end."""
        end = self.part(data, start)
        if np.any(numbers(data, self.puts) > len(data)):
            raise InputError("counts more objects than it has bytes")
        return end

    def part(self, data: bytes, start: int = 0) -> int:
        """Like `whole` for a part of a larger pickle, whose memo numbers may be larger."""
        return self._walk(data, start, True)[0]

    def step(self, data: bytes, position: int) -> int:
        """Walk over one opcode that neither is a mark nor closes one; return the position after."""
        if position >= len(data):
            raise CutOffError
        opcode = data[position]
        if opcode in (LONG_BINPUT, LONG_BINGET):
            (self.puts if opcode == LONG_BINPUT else self.gets).append(position)
        end = position + (_SIZE[opcode] or self._argument(data, position, opcode))
        if end > len(data):
            raise CutOffError
        return end

    def _walk(self, data: bytes, position: int, whole: bool) -> tuple[int, int]:
        size, puts, gets, level = _SIZE, self.puts.append, self.gets.append, 0
        text, text_length = ord("X"), _LENGTHS[ord("X")].unpack_from
        try:
            while True:  # some 50,000 times for each architecture
                opcode = data[position]
                if size[opcode]:
                    position += size[opcode]
                elif opcode == text:
                    position += 5 + text_length(data, position + 1)[0]
                elif opcode == LONG_BINPUT:
                    puts(position)
                    position += 5
                elif opcode == LONG_BINGET:
                    gets(position)
                    position += 5
                elif opcode == MARK:
                    level += 1
                    position += 1
                elif opcode in _CLOSING:
                    level -= 1
                    position += 1
                    self.tuples += opcode in _TUPLES
                    if level == 0 and not whole:
                        return position, opcode
                elif opcode == STOP and whole:
                    return position + 1, opcode
                else:
                    position += self._argument(data, position, opcode)
                if self.tuples > MAX_TUPLES:
                    raise InputError(f"has more than {MAX_TUPLES:,} tuples")
        except (IndexError, struct.error):
            raise CutOffError from None

    def _argument(self, data: bytes, position: int, opcode: int) -> int:
        """Return the bytes of an opcode with its argument where they are not fixed."""
        if opcode in (LONG_BINPUT, LONG_BINGET):
            return 5
        if opcode in _TUPLES:
            self.tuples += 1
            return 1
        if opcode in _LENGTHS:
            layout = _LENGTHS[opcode]
            if position + 1 + layout.size > len(data):
                raise CutOffError
            return 1 + layout.size + int(layout.unpack_from(data, position + 1)[0])
        if opcode == _GLOBAL:
            module_end = data.find(b"\n", position + 1)
            end = data.find(b"\n", module_end + 1)
            if module_end < 0 or end < 0:
                raise CutOffError
            return end + 1 - position
        raise InputError(f"has the opcode {bytes([opcode])!r}, which no benchmark file has")


def numbers(data: bytes, positions: ArrayLike) -> NDArray[np.int64]:
    r"""Return the numbers of four bytes that follow the opcodes at some positions."""
    at = np.asarray(positions, np.int64)
    octets = np.frombuffer(data, np.uint8)
    found = np.zeros(len(at), np.int64)
    for place in range(4):
        found |= octets[at + 1 + place].astype(np.int64) << (8 * place)
    return found
