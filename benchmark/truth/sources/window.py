"""A file that is read from front to back with only a part of it in memory."""

import hashlib
from typing import BinaryIO

from benchmark.errors import InputError
from benchmark.pickles.opcodes import CutOffError, Walk

BLOCK = 1 << 22  # bytes read at a time
LIMIT = 1 << 26  # bytes in memory; a real record has some 300,000, the longest list 2,000,000


class FileWindow:
    r"""The part of a file that is in memory, from ``offset`` on, with a ``position`` in it.

    `CutOffError` is raised where the file ends too early.
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
        """Number of bytes of the file that were read."""
        return self.offset + self.position

    def peek(self) -> int:
        """Return the next byte without reading it."""
        while self.position >= len(self.data):
            self._grow()
        return self.data[self.position]

    def take(self, size: int) -> bytes:
        """Read the next bytes."""
        while self.position + size > len(self.data):
            self._grow()
        start, self.position = self.position, self.position + size
        return self.data[start : self.position]

    def take_pickle(self) -> bytes:
        """Read a small pickle after checking it with a `Walk`."""
        start, end = self.position, None
        while end is None:
            try:
                end = Walk().whole(self.data, start)
            except CutOffError:
                self._grow()
        self.position = end
        return self.data[start:end]

    def step(self, walk: Walk) -> None:
        """Walk over one opcode that neither is a mark nor closes one."""
        while True:
            try:
                self.position = walk.step(self.data, self.position)
            except CutOffError:
                self._grow()
            else:
                return

    def group(self, walk: Walk) -> int:
        """Walk from a mark to the opcode that closes it, and return that opcode."""
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
        """Drop the bytes that were read."""
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
        """Read another block into memory; return whether there was one."""
        if len(self.data) > LIMIT:
            raise InputError(f"has more than {LIMIT >> 20} MB where one record should end")
        block = self._file.read(max(BLOCK, len(self.data)))
        self._digest.update(block)
        self.data += block
        return bool(block)
