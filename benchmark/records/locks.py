"""A lock for each unit, so that several processes of one machine share a folder of records.

The system releases a lock when its process ends, however it ends. The lock file is beside the
record to be, hidden, and is removed when the lock is released.
"""

from contextlib import suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from benchmark.errors import CheckError
from benchmark.files import reason
from benchmark.records.unit import Unit


def lock_path(folder: str | Path, unit: Unit) -> Path:
    """Return where the lock of a unit is kept."""
    return Path(folder) / f".{unit.stem}.lock"


def try_lock(folder: str | Path, unit: Unit) -> BaseFileLock | None:
    """Lock a unit, or return None if another process has locked it.

    Look for the record after locking: the other process may just have written it.
    """
    lock = FileLock(lock_path(folder, unit), blocking=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    except (OSError, NotImplementedError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise CheckError(f"cannot lock {lock.lock_file}: {why}") from error
    return lock


def unlock(lock: BaseFileLock) -> None:
    """Release a lock and remove its file.

    The file is removed first: a process that has it open sees, once it gets the lock, that the file
    is gone, and starts over.
    """
    with suppress(OSError):  # Windows removes no open file
        Path(lock.lock_file).unlink()
    lock.release()


def remove_stale_lock(folder: str | Path, unit: Unit) -> None:
    """Remove the lock file of a finished unit that a killed process left."""
    if lock_path(folder, unit).exists():
        lock = try_lock(folder, unit)
        if lock is not None:
            unlock(lock)
