"""Streaming ``NAS-Bench-201-v1_*.pth``, which would take 28 GB of memory if loaded at once.

The file is in PyTorch's legacy format: three small pickles (a magic number, the version of the
format, properties of the machine), then one pickle of gigabytes: a dictionary of ``meta_archs``,
``evaluated_indexes`` and ``arch2infos``, which holds a record of each architecture.

The reader walks through ``arch2infos`` opcode by opcode. When the record of an architecture ends,
its bytes alone are unpickled, yielded and dropped. A pickle refers to earlier objects by their
memo number, even to those of earlier architectures. The numbers are rewritten in the bytes: those
of a record's own objects to a range that every record reuses, those of earlier objects to memo
slots that are kept. An earlier object gets its slot when a record first refers to it: the bytes of
its own record are then unpickled again.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.pickles.opcodes import (
    BINPUT,
    EMPTY_DICT,
    LONG_BINPUT,
    MARK,
    SETITEM,
    SETITEMS,
    STOP,
    TUPLE2,
    CutOffError,
    Walk,
    numbers,
)
from benchmark.pickles.unpickling import RECORDS, Unpickler, load_pickle
from benchmark.truth.sources.window import FileWindow

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MAX_KEPT = 1 << 18  # objects kept for later records
_SHORT = 256  # memo numbers below it take one byte and are not rewritten
_OWN = _SHORT + MAX_KEPT  # first memo slot of a record's own objects
_RECORDS_KEY = b"X\x0a\0\0\0arch2infos"
_END = bytes([TUPLE2, STOP])  # makes a pickle of a key and its value: a pair

# How an opcode outside all marks changes the number of objects on the stack.
_INTEGERS = frozenset(b"KMJ")
_PUSHING = frozenset(b"N\x88\x89KMJGXUT\x8a}])hjcBC")
_TAKING = {**dict.fromkeys(b"Rba\x86\x81", 1), **dict.fromkeys(b"s\x87", 2), 0x85: 0}
_MAKING = frozenset(b"tld")  # opcodes that close a mark and push a new object


@dataclass(frozen=True)
class _Span:
    """Position of a key and its value in the file, and their first memo number."""

    first: int
    offset: int
    size: int
    is_record: bool


class PthReader:
    """Reads one file, once; ``show`` is called with the share that has been read.

    Attributes:
        others: The file's other contents by name, available after `records` has ended.
        sha256: SHA-256 of the file, also available then.
    """

    def __init__(self, path: Path, show: Callable[[float], None] = lambda share: None) -> None:
        self.others: dict[str, Any] = {}
        self.sha256 = ""
        self._path, self._show = path, show
        self._unpickler = Unpickler(RECORDS)
        self._spans: list[_Span] = []
        self._kept = np.zeros(0, np.int64)  # memo numbers of kept objects, ascending
        self._slots = np.zeros(0, np.int64)  # the memo slot of each
        self._next = 0  # one more than the highest memo number of four bytes so far

    def records(self) -> Iterator[tuple[int, Any]]:
        """Yield the index of each architecture and its record."""
        size = max(self._path.stat().st_size, 1)
        with self._path.open("rb") as file, self._path.open("rb") as self._again:
            self._window = FileWindow(file)
            try:
                self._header()
                self._start_dictionary()
                for record in self._main():
                    yield record
                    self._show(self._window.passed / size)
                self.sha256 = self._window.finish()
            except CutOffError:
                raise InputError("is cut off") from None

    def _header(self) -> None:
        if self._window.peek() != 0x80:
            raise InputError("is no PyTorch file in the legacy format")
        found = [load_pickle(self._window.take_pickle(), RECORDS) for _ in range(3)]
        if found[:2] != [MAGIC, PROTOCOL] or not isinstance(found[2], dict):
            raise InputError("is no PyTorch file in the legacy format")
        if found[2].get("little_endian") is not True:
            raise InputError("was written on a machine with another byte order")
        if self._window.take(2) != b"\x80\x02":
            raise InputError("is not of pickle protocol 2")

    def _start_dictionary(self) -> None:
        """Skip the opcodes of a dictionary before its first item."""
        if self._window.take(1)[0] != EMPTY_DICT:
            raise _other_layout()
        if self._window.peek() == BINPUT:
            self._window.take(2)
        elif self._window.peek() == LONG_BINPUT:
            self._next = max(self._next, 1 + int.from_bytes(self._window.take(5)[1:], "little"))

    def _main(self) -> Iterator[tuple[int, Any]]:
        """Yield the records in the main dictionary and store its other items in `others`."""
        window = self._window
        if window.take(1)[0] != MARK:
            raise _other_layout()
        starts: list[int] = []
        walk = Walk()
        while (opcode := window.peek()) != SETITEMS:
            if opcode == EMPTY_DICT and starts and window.data.startswith(_RECORDS_KEY, starts[-1]):
                key = starts.pop()
                self._keep_others(walk, starts, key)
                puts = [put for put in walk.puts if put >= key]
                self._next = max([self._next, *(numbers(window.data, puts) + 1).tolist()])
                window.drop()
                starts, walk = [], Walk()
                self._start_dictionary()
                if window.peek() in _INTEGERS:  # the only one
                    yield from self._records(SETITEM)
                while window.peek() == MARK:
                    window.take(1)
                    yield from self._records(SETITEMS)
            else:
                self._step(opcode, starts, walk)
        self._keep_others(walk, starts, window.position)
        if window.take(2)[1] != STOP:
            raise _other_layout()

    def _keep_others(self, walk: Walk, starts: list[int], end: int) -> None:
        """Read the keys and values that begin at ``starts``; the last one ends at ``end``."""
        if len(starts) % 2:
            raise _other_layout()
        for start, after in zip(starts[::2], [*starts[2::2], end], strict=False):
            key, value = self._item(walk, start, after, is_record=False)
            self.others[str(key)] = value

    def _records(self, closing: int) -> Iterator[tuple[int, Any]]:
        """Yield the items up to the opcode that adds them to the dictionary."""
        window = self._window
        starts: list[int] = []
        walk = Walk()
        while True:
            opcode = window.peek()
            if len(starts) == 2 and (opcode in _INTEGERS or opcode == closing):
                index, record = self._item(walk, starts[0], window.position, is_record=True)
                window.drop()
                starts, walk = [], Walk()
                if type(index) is not int:
                    raise InputError(f"has an architecture with the index {str(index)[:20]!r}")
                yield index, record
            elif opcode == closing and not starts:
                window.take(1)
                return
            else:
                self._step(opcode, starts, walk)

    def _step(self, opcode: int, starts: list[int], walk: Walk) -> None:
        """Walk over one opcode, or over a mark and its contents, noting where objects begin."""
        at = self._window.position
        if opcode == MARK:
            if self._window.group(walk) in _MAKING:
                starts.append(at)
            elif not starts:
                raise _other_layout()
            return
        if opcode in _PUSHING:
            starts.append(at)
        elif opcode in _TAKING and len(starts) > _TAKING[opcode]:
            del starts[len(starts) - _TAKING[opcode] :]
        elif opcode not in (BINPUT, LONG_BINPUT) or not starts:
            raise _other_layout()
        self._window.step(walk)

    def _item(self, walk: Walk, start: int, end: int, *, is_record: bool) -> tuple[Any, Any]:
        """Unpickle the key and value between two positions of the window."""
        data = self._window.data[start:end]
        first = self._next
        puts, gets = (_within(all_, start, end) for all_ in (walk.puts, walk.gets))
        put, get = numbers(data, puts), numbers(data, gets)
        if put.size:
            if put.min() < first or put.max() - first > len(data) + _SHORT:
                raise InputError("has memo numbers out of order")
            self._next = int(put.max()) + 1
        if get.size:
            self._recall(np.unique(get[get < first]))
            if not np.isin(get[get >= first], put).all():
                raise InputError("refers to an object that is missing")
        self._spans.append(_Span(first, self._window.offset + start, len(data), is_record))
        item = self._unpickler.load(self._renumbered(data, first, (puts, put), (gets, get)))
        if not isinstance(item, tuple):
            raise _other_layout()
        return item  # a pair, by the opcode in `_END`

    def _renumbered(self, data: bytes, first: int, *found: tuple[Any, Any]) -> bytes:
        """Return a pickle of ``data`` with memo slots in place of its memo numbers."""
        changed = np.frombuffer(data + _END, np.uint8).copy()
        for positions, number in found:
            slot = number - first + _OWN
            if self._kept.size:
                rank = np.minimum(np.searchsorted(self._kept, number), self._kept.size - 1)
                slot = np.where(self._kept[rank] == number, self._slots[rank], slot)
            for octet in range(4):
                changed[positions + 1 + octet] = (slot >> (8 * octet)) & 0xFF
        return changed.tobytes()

    def _recall(self, wanted: NDArray[np.int64]) -> None:
        """Give slots to objects of earlier records by unpickling those records again."""
        missing = np.setdiff1d(wanted, self._kept, assume_unique=True)
        firsts = [span.first for span in self._spans]
        for origin in sorted({bisect_right(firsts, int(number)) - 1 for number in missing}):
            if origin < 0:
                break
            span = self._spans[origin]
            self._again.seek(span.offset)
            data = self._again.read(span.size)
            walk = Walk()
            walk.part(data + _END)
            puts, gets = np.array(walk.puts, np.int64), np.array(walk.gets, np.int64)
            put, get = numbers(data, puts), numbers(data, gets)
            # All objects of a list are kept at once: later records refer to them one by one.
            new = np.intersect1d(put, missing) if span.is_record else put
            self._keep(np.setdiff1d(new, self._kept))
            self._unpickler.load(self._renumbered(data, span.first, (puts, put), (gets, get)))
        if np.setdiff1d(wanted, self._kept, assume_unique=True).size:
            raise InputError("refers to an object that is missing")

    def _keep(self, new: NDArray[np.int64]) -> None:
        if self._kept.size + new.size > MAX_KEPT:
            raise InputError(f"refers to more than {MAX_KEPT:,} objects of earlier records")
        slots = _SHORT + self._kept.size + np.arange(new.size)
        kept, slots = np.append(self._kept, new), np.append(self._slots, slots)
        order = np.argsort(kept)
        self._kept, self._slots = kept[order], slots[order]


def _within(positions: list[int], start: int, end: int) -> NDArray[np.int64]:
    """Return the positions from ``start`` up to ``end``, relative to ``start``."""
    at = np.array(positions, np.int64)
    return at[(start <= at) & (at < end)] - start


def _other_layout() -> InputError:
    return InputError("does not have the layout of the official files")
