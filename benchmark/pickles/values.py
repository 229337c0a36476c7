"""Reading pickles of plain values by the few opcodes that these need, each checked as it is met.

Python's unpickler, and PyTorch's, call what they let through with whatever they are told, and hash
any key: `bytearray(10**12)` or a key of a million nested tuples is enough to end the process. Here
nothing is called but what the reader names, and every key is a plain one.
"""

from __future__ import annotations

import pickletools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from benchmark.errors import InputError

MAX_PARTS = 1 << 22  # opcodes of a pickle; a tree of the papers' supernets has a tenth of it

_GIVEN = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"})
_FIXED = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_KEYS = (str, int, float, type(None))


def read_values(
    data: bytes, names: Mapping[str, Any], persistent: Callable[[Any], Any] | None = None
) -> Any:
    r"""Read a pickle of protocol 2.

    Args:
        data: Its bytes.
        names: What stands for each ``module name`` that it may ask for; what can be called may be.
        persistent: Returns what an identifier stands for that is no part of the pickle.

    Returns:
        What it holds: dictionaries, lists, tuples, texts, numbers, and what ``names`` gives.

    Raises:
        InputError: It asks for something else.
        Exception: It is damaged; any kind.

    Example:
        >>> import pickle
        >>> read_values(pickle.dumps({"a": (1.5, None)}, 2), {})
        {'a': (1.5, None)}
        >>> read_values(b"\x80\x02cos\nsystem\n.", {})
        Traceback (most recent call last):
        benchmark.errors.InputError: asks for os system
    """
    return _Machine(names, persistent).run(data)


class _Machine:
    """The stack, its marks and the memo that a pickle works with."""

    def __init__(self, names: Mapping[str, Any], persistent: Callable[[Any], Any] | None) -> None:
        self._names, self._persistent = names, persistent
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[Any, Any] = {}

    def run(self, data: bytes) -> Any:
        stack = self._stack
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if count > MAX_PARTS:
                raise InputError(f"has more than {MAX_PARTS:,} parts")
            name = opcode.name
            if name in _GIVEN:
                stack.append(argument)
            elif name in ("BINPUT", "LONG_BINPUT"):
                self._memo[argument] = stack[-1]
            elif name in ("BINGET", "LONG_BINGET"):
                stack.append(self._memo[argument])
            elif name in _FIXED:
                stack.append(_FIXED[name])
            elif name in _TUPLES:
                at = len(stack) - _TUPLES[name]
                stack.append(tuple(self._from(at)))
            elif name == "STOP":
                break
            elif name != "PROTO":
                self._step(name, argument)
        return stack.pop()

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        match name:
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "MARK":
                self._marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(self._marked()))
            case "APPEND":
                self._extend([stack.pop()])
            case "APPENDS":
                self._extend(self._marked())
            case "SETITEM":
                self._update(self._from(len(stack) - 2))
            case "SETITEMS":
                self._update(self._marked())
            case "GLOBAL":
                if argument not in self._names:
                    raise InputError(f"asks for {argument}")
                stack.append(self._names[argument])
            case "REDUCE":
                self._call()
            case "BUILD":
                self._build()
            case "BINPERSID" if self._persistent is not None:
                stack.append(self._persistent(stack.pop()))
            case _:
                raise InputError(f"has {name}, which no plain value needs")

    def _from(self, at: int) -> list[Any]:
        """Take what stands on the stack from a place on."""
        if at < 0:
            raise InputError("takes more than it has")
        taken = self._stack[at:]
        del self._stack[at:]
        return taken

    def _marked(self) -> list[Any]:
        return self._from(self._marks.pop())

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise InputError("appends to what is no list")
        target.extend(items)

    def _update(self, items: list[Any]) -> None:
        target, keys = self._stack[-1], items[::2]
        if not isinstance(target, dict) or not all(isinstance(key, _KEYS) for key in keys):
            raise InputError("has a mapping with other keys than texts and numbers")
        target.update(zip(keys, items[1::2], strict=True))

    def _call(self) -> None:
        function, arguments = self._from(len(self._stack) - 2)
        if not callable(function):
            raise InputError("calls what is no function")
        self._stack.append(function(*arguments))

    def _build(self) -> None:
        """Take what PyTorch notes beside the tensors of a module, and no other attribute."""
        target, state = self._stack[-2], self._stack.pop()
        if not isinstance(target, OrderedDict) or not isinstance(state, dict):
            raise InputError("sets attributes of what has none")
        if state.keys() != {"_metadata"}:
            raise InputError("sets other attributes than a module's")
        vars(target).update(state)
