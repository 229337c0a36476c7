"""A run record as a file: JSON that a person can read, all but the scores; damage is noticed."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.files import reason, write_atomic
from benchmark.seeds import checked_seed
from benchmark.store.plain import digest
from benchmark.store.record import RunRecord, checked_method
from benchmark.store.scores import decode_scores, encode_scores

FORMAT = "nasbench run record"
SCHEMA = 1  # raised whenever files of a new form cannot be read by older code

_REMEDY = "delete it and run its method and seed again"


def record_path(folder: str | Path, method: str, seed: int) -> Path:
    """Return where in a folder the record of a method and seed is kept.

    Raises:
        InputError: The method's name or the seed is not valid.

    Example:
        >>> record_path("runs", "gm", 3).as_posix()
        'runs/gm-seed3.json'
    """
    return Path(folder) / f"{checked_method(method)}-seed{checked_seed(seed)}.json"


def write_record(record: RunRecord, folder: str | Path) -> Path:
    """Write a record into a folder, in the place of an earlier one of its method and seed.

    Args:
        record: What to write.
        folder: Where; it is made when it is missing.

    Returns:
        The file, see `record_path`.

    Raises:
        CheckError: The system refused.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> record = RunRecord("gm", 3, {"preset": "ci"}, np.arange(15625), {}, {}, {})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_record(record, folder)
        ...     path.name, float(read_record(path).scores[-1])
        ('gm-seed3.json', 15624.0)
    """
    path = record_path(folder, record.method, record.seed)
    contents = {field.name: getattr(record, field.name) for field in fields(record)}
    contents |= {"format": FORMAT, "schema": SCHEMA, "scores": encode_scores(record.scores)}
    write_atomic(path, _render(contents))
    return path


def read_record(path: str | Path) -> RunRecord:
    """Read a record and check that it is what was written, to the last sign.

    Args:
        path: A file that `write_record` wrote.

    Raises:
        InputError: The file cannot be read, is no record or one of newer code, or was damaged.
    """
    try:
        text = Path(path).read_bytes().decode().replace("\r\n", "\n")  # git on Windows adds \r
        contents = json.loads(text)
        is_intact = isinstance(contents, dict) and text == _render(contents)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    except (ValueError, RecursionError, InputError) as error:
        raise InputError(
            f"{path} is no run record, or it was cut off or damaged; {_REMEDY}"
        ) from error
    if not isinstance(contents, dict) or contents.get("format") != FORMAT:
        raise InputError(f"{path} is no run record; name a file that nasbench run wrote")
    schema = contents.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise InputError(
            f"{path} has schema {schema}, this version reads up to {SCHEMA}; "
            "install a newer nasbench-suite"
        )
    if not is_intact:
        raise InputError(
            f"{path} was changed after it was written (its checksum does not hold); {_REMEDY}"
        )
    try:
        parts = {field.name: contents[field.name] for field in fields(RunRecord)}
        return RunRecord(**parts | {"scores": decode_scores(parts["scores"])})
    except KeyError as error:
        raise InputError(f"{path} has no {error.args[0]}; {_REMEDY}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}; {_REMEDY}") from error


def _render(contents: dict[str, Any]) -> str:
    """Return the text of a file; its checksum covers everything but itself."""
    unsigned = {name: value for name, value in contents.items() if name != "sha256"}
    signed = unsigned | {"sha256": digest(unsigned)}
    return json.dumps(signed, indent=1, sort_keys=True) + "\n"
