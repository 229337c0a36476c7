"""A run record as a file: JSON that a person can read, all but the scores; damage is noticed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from benchmark.errors import InputError
from benchmark.records.forms import check_forms
from benchmark.records.record import RunRecord, candidates_of_task
from benchmark.records.scores import decode_scores, encode_scores
from benchmark.records.signed import SignedKind, read_signed, write_signed
from benchmark.records.unit import Unit

_REMEDY = "delete it and run its method and seed again"

KIND = SignedKind(
    format="nasbench run record",
    schema=2,  # 2: scores may be those of functions
    name="run record",
    writer="nasbench run",
    damaged=f"; {_REMEDY}",
    changed=_REMEDY,
)


def record_path(folder: str | Path, unit: Unit) -> Path:
    """Return where in a folder the record of a unit is kept.

    Example:
        >>> record_path("runs", Unit("gm", "darts", 3)).as_posix()
        'runs/gm-darts-seed3.json'
    """
    return Path(folder) / f"{unit.stem}.json"


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
    path = record_path(folder, record.unit)
    contents = {field.name: getattr(record, field.name) for field in fields(record) if field.init}
    write_signed(KIND, contents | {"scores": encode_scores(record.scores, record.codes)}, path)
    return path


def read_record(path: str | Path) -> RunRecord:
    """Read a record and check that it is what was written, to the last sign.

    Args:
        path: A file that `write_record` wrote.

    Raises:
        InputError: The file cannot be read, is no record or one of newer code, or was damaged.
    """
    contents = read_signed(KIND, path)
    try:
        parts = {field.name: contents[field.name] for field in fields(RunRecord) if field.init}
        check_forms(parts)
        return RunRecord(
            **parts | {"scores": decode_scores(parts["scores"], candidates_of_task(parts["task"]))}
        )
    except KeyError as error:
        raise InputError(f"{path} has no {error.args[0]}; {_REMEDY}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}; {_REMEDY}") from error
