"""Plain JSON values, and the one text and checksum that belong to each of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.errors import InputError


def plain(value: Any, name: str) -> Any:
    """Return a copy of a value as JSON would give it back.

    Args:
        value: None, a truth value, number, string, numpy array, or mappings from strings, lists and
            tuples of those.
        name: What to call it in a message.

    Returns:
        The value, made of dictionaries and lists; numpy's arrays and numbers have become Python's.

    Raises:
        InputError: Something in it is of another kind, or not finite.

    Example:
        >>> plain({"groups": (np.array([0, 3]), "τ")}, "trace")
        {'groups': [[0, 3], 'τ']}
        >>> plain({"losses": [0.5, float("nan")]}, "trace")
        Traceback (most recent call last):
        benchmark.errors.InputError: trace.losses[1] is nan: a record holds finite numbers only
    """
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case float():
            raise InputError(f"{name} is {value}: a record holds finite numbers only")
        case list() | tuple():
            return [plain(item, f"{name}[{place}]") for place, item in enumerate(value)]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {str.__str__(key): plain(item, f"{name}.{key}") for key, item in value.items()}
        case Mapping():
            raise InputError(f"{name} has a key that is no string: name everything in a record")
    raise InputError(
        f"{name} is a {type(value).__name__}: a record holds plain JSON values and numpy arrays"
    )


def task_digest(task: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what of a task decides scores: all but the truth it is judged by.

    Example:
        >>> task_digest({"preset": "ci", "truth": {}}) == task_digest({"preset": "ci"})
        True
    """
    return digest({name: value for name, value in task.items() if name != "truth"})


def digest(value: Any) -> str:
    """Return the SHA-256 of a plain value as 64 hexadecimal digits.

    It is that of the value's compact JSON in ASCII with sorted keys, so the order of keys and the
    layout of a file do not matter.

    Raises:
        InputError: The value is not plain.

    Example:
        >>> digest({"b": 1, "a": [None, 0.5]}) == digest({"a": [None, 0.5], "b": 1})
        True
        >>> digest({})[:16]  # echo -n '{}' | sha256sum
        '44136fa355b3678a'
    """
    text = json.dumps(plain(value, "value"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
