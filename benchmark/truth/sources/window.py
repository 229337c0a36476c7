"""A file read from front to back, of which only the part in hand is in memory."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from benchmark.errors import InputError
from benchmark.pickles.opcodes import CutOffError, Walk

BLOCK = 1 << 22  # bytes read at a time
LIMIT = 1 << 26  # bytes in hand; a real record has some 300,000, the longest list 2,000,000


class FileWindow:
    r"""The part of a file that is in hand.

    Args:
        file: The file, open for reading at its start.

    Attributes:
        data: The bytes in hand.
        position: Where in them the reader stands.
        offset: Where in the file they begin.

    Example:
        >>> import io
        >>> window = FileWindow(io.BytesIO(b"K\x01.rest"))
        >>> window.take_pickle(), window.peek(), window.passed
        (b'K\x01.', 114, 3)
    """

    def __init__(self, file: BinaryIO) -> None:
        self.data = b""
        self.position = 0
        self.offset = 0
        self._file = file
        self._digest = hashlib.sha256()
        self._longest = 0

    @property
    def passed(self) -> int:
        """Bytes of the file that the reader has passed."""
        return self.offset + self.position

    def peek(self) -> int:
        """Return the next byte.

        Raises:
            CutOffError: There is none.
        """
        while self.position >= len(self.data):
            self._grow()
        return self.data[self.position]

    def take(self, size: int) -> bytes:
        """Pass the next bytes and return them.

        Raises:
            CutOffError: There are fewer.
        """
        while self.position + size > len(self.data):
            self._grow()
        start, self.position = self.position, self.position + size
        return self.data[start : self.position]

    def take_pickle(self) -> bytes:
        """Pass a small pickle and return it.

        Raises:
            CutOffError: The file ends first.
            InputError: It has what no benchmark file has.
        """
        start, end = self.position, None
        while end is None:
            try:
                end = Walk().whole(self.data, start)
            except CutOffError:
                self._grow()
        self.position = end
        return self.data[start:end]

    def step(self, walk: Walk) -> None:
        """Walk over one opcode that is neither a mark nor closes one."""
        while True:
            try:
                self.position = walk.step(self.data, self.position)
            except CutOffError:
                self._grow()
            else:
                return

    def group(self, walk: Walk) -> int:
        """Walk from a mark to the opcode that takes all down to it, and return that opcode."""
        while len(self.data) - self.position < 2 * self._longest and self._read():
            pass
        before = len(walk.puts), len(walk.gets), walk.tuples
        while True:
            try:
                end, closing = walk.group(self.data, self.position)
            except CutOffError:
                del walk.puts[before[0] :], walk.gets[before[1] :]
                walk.tuples = before[2]
                self._grow()
            else:
                self._longest = max(self._longest, end - self.position)
                self.position = end
                return closing

    def drop(self) -> None:
        """Forget the bytes before the reader."""
        self.data = self.data[self.position :]
        self.offset += self.position
        self.position = 0

    def finish(self) -> str:
        """Read the rest of the file and return the SHA-256 of all of it."""
        while block := self._file.read(BLOCK):
            self._digest.update(block)
        return self._digest.hexdigest()

    def _grow(self) -> None:
        if not self._read():
            raise CutOffError

    def _read(self) -> bool:
        """Take more of the file in hand and return whether there was more."""
        if len(self.data) > LIMIT:
            raise InputError(f"has more than {LIMIT >> 20} MB where one record should end")
        block = self._file.read(max(BLOCK, len(self.data)))
        self._digest.update(block)
        self.data += block
        return bool(block)
