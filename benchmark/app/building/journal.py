"""What was trained so far: a file to which a line is added whenever a training is done.

Each line is a checksum, a blank, and JSON. A line that was cut off or damaged counts as not
written, so its training is done again; what is added after a cut goes on a line of its own. The
facts of a machine stand once, above what it trained: where they are lost, so are its trainings.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from baselines.alone import TrainingResult
from benchmark.app.building.settings import difference, same_settings
from benchmark.errors import CheckError, InputError
from benchmark.files import read_bounded, reason
from benchmark.records import digest
from benchmark.records.signed import SignedKind, read_signed, write_signed

JOURNAL, SETTINGS = "trained.jsonl", "build.json"
MAX_BYTES = 1 << 32  # of a journal; a whole space at three seeds has a tenth of it
KIND = SignedKind(
    format="nasbench build",
    schema=1,
    name="description of a build",
    writer="nasbench tables build",
    damaged="; give another --out",
    changed="give another --out",
)


@dataclass(frozen=True, order=True)
class TrainingKey:
    """One network at one seed.

    Attributes:
        code: The architecture that stands for all that are the same network.
        seed: The seed.
    """

    code: int
    seed: int


@dataclass
class Journal:
    """The trainings of one protocol, in a folder.

    Attributes:
        folder: Where it lies.
        settings: What they have in common: protocol, kind of device, number of the code, images.
        trained: What each training gave.
        machines: Where: facts by their digest.
        made_on: On which of the machines each training was done.
        failed: What was wrong with each training that would fail again.
        damaged: Number of lines that cannot be used, those of unknown machines among them.
    """

    folder: Path
    settings: Mapping[str, Any]
    trained: dict[TrainingKey, TrainingResult] = field(default_factory=dict)
    machines: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    made_on: dict[TrainingKey, str] = field(default_factory=dict)
    failed: dict[TrainingKey, str] = field(default_factory=dict)
    damaged: int = 0

    def __contains__(self, training: TrainingKey) -> bool:
        """Return whether a training is over, well or not."""
        return training in self.trained or training in self.failed

    def add(
        self, training: TrainingKey, result: TrainingResult | str, machine: Mapping[str, Any]
    ) -> None:
        """Write down what a training gave, or what was wrong with it, and where that was.

        Raises:
            CheckError: The system refused.
        """
        name = digest(machine)[:16]
        lines = [] if name in self.machines else [{"machine": name, "facts": machine}]
        said = {"failed": result} if isinstance(result, str) else asdict(result)
        lines.append({**asdict(training), "machine": name, **said})
        path = self.folder / JOURNAL
        try:
            with path.open("ab") as file:
                file.write(b"".join(map(_line, lines)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CheckError(f"cannot write {path}: {reason(error)}") from error
        for line in lines:
            self._take(line)

    def _take(self, line: Mapping[str, Any]) -> None:
        if "facts" in line:
            self.machines[line["machine"]] = dict(line["facts"])
            return
        training = TrainingKey(line["code"], line["seed"])
        result = str(line["failed"]) if "failed" in line else _trained(line)
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
        """Return whether a training that is over gave the same bits, however long it took."""
        if isinstance(result, str):  # a fault may be worded anew
            return training in self.failed
        known = self.trained.get(training)
        return known is not None and replace(known, seconds=result.seconds) == result


def read_journal(folder: Path) -> Journal:
    """Read the trainings in a folder.

    Raises:
        InputError: It holds none, its description is damaged, or results contradict each other.
    """
    journal = Journal(folder, read_signed(KIND, folder / SETTINGS)["settings"])
    path = folder / JOURNAL
    contents = read_bounded(path, MAX_BYTES, "it is no journal") if path.exists() else b""
    for line in contents.split(b"\n"):
        found = _read_line(line)
        try:
            if found is not None:
                journal._take(found)
            elif line:
                journal.damaged += 1
        except (KeyError, TypeError) as error:
            raise InputError(f"{path} holds a line of another version: {KIND.changed}") from error
    return journal


@contextmanager
def open_journal(folder: Path, settings: Mapping[str, Any]) -> Iterator[Journal]:
    """Open a folder's journal for adding to it, alone; it is made where there is none.

    Args:
        folder: Where it lies.
        settings: What its trainings have in common.

    Raises:
        InputError: There is one of other settings, or it is damaged.
        CheckError: Another process adds to it, or the folder cannot be written.
    """
    path = folder / SETTINGS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckError(f"cannot write to {folder}: {reason(error)}") from error
    with _alone_in(folder):
        if not path.exists():
            write_signed(KIND, {"settings": settings}, path)
        journal = read_journal(folder)
        if not same_settings(journal.settings, settings):
            raise InputError(
                f"{folder} holds trainings of another kind "
                f"({difference(journal.settings, settings)}); "
                "give another --out"
            )
        _end_line(folder / JOURNAL)
        yield journal


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, whatever happens to it."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    path = folder / ".lock"
    try:
        with path.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CheckError(
                    f"another process builds in {folder}: wait for it, or give each its own "
                    "--out and merge them"
                ) from None
            yield
    except OSError as error:
        raise CheckError(f"cannot write to {folder}: {reason(error)}") from error


def _trained(line: Mapping[str, Any]) -> TrainingResult:
    return TrainingResult(**{name: line[name] for name in ("accuracy", "loss", "curve", "seconds")})


def _line(contents: Mapping[str, Any]) -> bytes:
    text = json.dumps(contents, sort_keys=True, separators=(",", ":")).encode()
    return _sum(text) + b" " + text + b"\n"


def _read_line(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, or None if it is not what was written."""
    checksum, _, text = line.partition(b" ")
    if not text or checksum != _sum(text):
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def _sum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()


def _end_line(path: Path) -> None:
    """End a last line that was cut off, so that the next begins on its own."""
    if path.exists() and path.read_bytes()[-1:] not in (b"", b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")
