"""The trainings that are done: a file to which a line is added whenever one is finished.

Each line is a checksum, a blank, and JSON. A line that was cut off or damaged is skipped, so its
training is done again. A machine is described once, above the first training it did.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from baselines.standalone import TrainingResult
from benchmark.errors import CheckError, InputError
from benchmark.files import read_bounded, reason
from benchmark.records import digest
from benchmark.records.json_file import JsonKind, read_json, write_json
from benchmark.records.json_values import json_copy
from benchmark.settings import differences

JOURNAL, SETTINGS = "trained.jsonl", "build.json"
MAX_BYTES = 1 << 32  # of a journal; the whole space at three seeds has a tenth of it
KIND = JsonKind(
    format="nasbench build",
    schema=1,
    name="description of a build",
    writer="nasbench tables build",
    remedy="give another --out",
)


@dataclass(frozen=True, order=True)
class TrainingKey:
    """One network at one seed."""

    code: int
    seed: int


@dataclass
class Journal:
    """The trainings of one protocol, in a folder."""

    folder: Path
    settings: Mapping[str, Any]  # shared: protocol, kind of device, code version, images
    trained: dict[TrainingKey, TrainingResult] = field(default_factory=dict)
    # properties of the machines that trained, by their digest
    machines: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    made_on: dict[TrainingKey, str] = field(default_factory=dict)
    failed: dict[TrainingKey, str] = field(default_factory=dict)
    damaged: int = 0  # number of lines that cannot be used

    def __contains__(self, training: TrainingKey) -> bool:
        """Return whether a training has finished or failed."""
        return training in self.trained or training in self.failed

    def add(
        self, training: TrainingKey, result: TrainingResult | str, machine: Mapping[str, Any]
    ) -> None:
        """Append the result or the fault of a training, and the machine it ran on."""
        name = digest(machine)[:16]
        lines = [] if name in self.machines else [{"machine": name, "facts": machine}]
        outcome = {"failed": result} if isinstance(result, str) else asdict(result)
        lines.append({**asdict(training), "machine": name, **outcome})
        path = self.folder / JOURNAL
        try:
            with path.open("ab") as file:
                file.write(b"".join(map(_line, lines)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CheckError(f"cannot write {path}: {reason(error)}") from error
        for line in lines:
            self._apply(line)

    def _apply(self, line: Mapping[str, Any]) -> None:
        if "facts" in line:
            self.machines[line["machine"]] = dict(line["facts"])
            return
        training = msgspec.convert(line, TrainingKey)
        result = str(line["failed"]) if "failed" in line else msgspec.convert(line, TrainingResult)
        if line["machine"] not in self.machines:
            self.damaged += 1
        elif training not in self:
            self.made_on[training] = line["machine"]
            if isinstance(result, str):
                self.failed[training] = result
            else:
                self.trained[training] = result
        elif not self.agrees(training, result):
            raise InputError(
                f"{self.folder / JOURNAL} has two different results for architecture "
                f"{training.code} at seed {training.seed}: delete the lines of one of the machines "
                "or versions that they are from"
            )

    def agrees(self, training: TrainingKey, result: TrainingResult | str) -> bool:
        """Return whether a training in the journal has this result, whatever time it took."""
        if isinstance(result, str):  # the wording of a fault may change
            return training in self.failed
        known = self.trained.get(training)
        return known is not None and replace(known, seconds=result.seconds) == result


def read_journal(folder: Path) -> Journal:
    """Read the trainings in a folder."""
    settings = read_json(KIND, folder / SETTINGS).get("settings")
    if not isinstance(settings, dict):
        raise InputError(f"{folder / SETTINGS} has no settings: {KIND.remedy}")
    journal = Journal(folder, settings)
    path = folder / JOURNAL
    contents = read_bounded(path, MAX_BYTES, "it is no journal") if path.exists() else b""
    for line in contents.split(b"\n"):
        checksum, _, text = line.partition(b" ")
        if line and checksum != _checksum(text):
            journal.damaged += 1
        elif line:
            try:
                journal._apply(msgspec.json.decode(text))
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"{path} has a line of another version: {KIND.remedy}") from error
    return journal


@contextmanager
def open_journal(folder: Path, settings: Mapping[str, Any]) -> Iterator[Journal]:
    """Open a folder's journal for one process to add to; a new folder gets an empty one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock").acquire(blocking=False)
    except Timeout:
        raise CheckError(
            f"another process builds in {folder}: wait for it, or give each its own --out and "
            "merge them"
        ) from None
    except OSError as error:
        raise CheckError(f"cannot write to {folder}: {reason(error)}") from error
    with lock:
        if not (folder / SETTINGS).exists():
            write_json(KIND, {"settings": settings}, folder / SETTINGS)
        journal = read_journal(folder)
        other = difference(journal.settings, settings)
        if other:
            raise InputError(
                f"{folder} holds trainings of other settings ({other}); give another --out"
            )
        _end_last_line(folder / JOURNAL)
        yield journal


def difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """Return which setting of two builds differs first, or None where all are equal."""
    found = differences(json_copy(theirs, "settings"), json_copy(ours, "settings"))
    for name, (there, here) in sorted(found.items()):
        return f"their {name} is {there!r:.60}, not {here!r:.60}"
    return None


def _line(contents: Mapping[str, Any]) -> bytes:
    text = json.dumps(contents, sort_keys=True, separators=(",", ":")).encode()
    return _checksum(text) + b" " + text + b"\n"


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()


def _end_last_line(path: Path) -> None:
    """End a last line that was cut off, so that the next begins on its own."""
    if path.exists() and path.read_bytes()[-1:] not in (b"", b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")
