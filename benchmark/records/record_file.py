"""A run record as a file: JSON that a person can read, all but the scores."""

from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.records.json_file import JsonKind, read_json, write_json
from benchmark.records.record import RunRecord, candidates_of_task, space_of_task
from benchmark.records.schema import check_schema
from benchmark.records.scores import decode_scores, encode_scores
from benchmark.records.unit import Unit
from benchmark.spaces.base import Codes

KIND = JsonKind(
    format="nasbench run record",
    schema=3,
    name="run record",
    writer="nasbench run",
    remedy="delete it and run its method and seed again",
)


def record_path(folder: str | Path, unit: Unit) -> Path:
    """Return where in a folder the record of a unit is kept."""
    return Path(folder) / f"{unit.stem}.json"


def write_record(record: RunRecord, folder: str | Path) -> Path:
    """Write a record into a folder, in the place of an earlier one of its unit.

    Raises:
        InputError: An entry that the schema names has another type, so it could not be read again.
        CheckError: The system refused.
    """
    path = record_path(folder, record.unit)
    contents = {field.name: getattr(record, field.name) for field in fields(record) if field.init}
    check_schema(contents, record.space)
    scores = encode_scores(record.scores, record.codes, record.space)
    write_json(KIND, contents | {"candidates": _digest(record.codes), "scores": scores}, path)
    return path


def _digest(codes: Codes) -> dict[str, Any]:
    """Return the number of candidates and the SHA-256 of their codes, little-endian int64."""
    return {"count": len(codes), "sha256": sha256(codes.astype("<i8").tobytes()).hexdigest()}


def read_record(path: str | Path) -> RunRecord:
    """Read a record."""
    contents = read_json(KIND, path)
    try:
        parts = {field.name: contents[field.name] for field in fields(RunRecord) if field.init}
        if not isinstance(parts["task"], dict):
            raise InputError(f"task is a {type(parts['task']).__name__}: it must be a mapping")
        space = space_of_task(parts["task"])
        check_schema(parts, space)
        codes = candidates_of_task(parts["task"])
        if contents["candidates"] != _digest(codes):
            raise InputError("its candidates are not those that its task names")
        parts["scores"] = decode_scores(parts["scores"], codes, space)
        return RunRecord(**parts)
    except KeyError as error:
        raise InputError(f"{path} has no {error.args[0]}; {KIND.remedy}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}; {KIND.remedy}") from error
