"""JSON values, and the digest of a value."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.errors import InputError


def json_copy(value: Any, name: str) -> Any:
    """Return a copy of a value as JSON would give it back."""
    return json.loads(_json(value, name))


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's compact JSON in ASCII with sorted keys, in hexadecimal."""
    return hashlib.sha256(_json(value, "the value").encode()).hexdigest()


def task_digest(task: Mapping[str, Any]) -> str:
    """Return the digest of all of a task that decides scores: everything but `truth`."""
    return digest({name: value for name, value in task.items() if name != "truth"})


def _json(value: Any, name: str) -> str:
    try:
        return json.dumps(
            value, default=_converted, allow_nan=False, sort_keys=True, separators=(",", ":")
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{name} cannot be kept as JSON: {error}") from error


def _converted(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it holds a {type(value).__name__}")
