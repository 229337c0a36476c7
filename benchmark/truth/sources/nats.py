"""NATS-Bench's topology files: a folder or a tar with one compressed pickle per architecture.

``NATS-tss-v1_0-3ffb9-simple`` holds ``meta.pickle.pbz2``, which lists the architectures, and
``000000.pickle.pbz2`` to ``015624.pickle.pbz2``. They are read in parallel, and a tar is never
unpacked to the disk.
"""

import bz2
import hashlib
import re
import tarfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from joblib import Parallel, delayed

from benchmark.errors import InputError, naming
from benchmark.files import read_bounded
from benchmark.files import sha256 as file_sha256
from benchmark.pickles.unpickling import RECORDS, load_pickle
from benchmark.truth.sources.official import EPOCHS, ArchitectureResults, read_record

META = "meta.pickle.pbz2"
MAX_PACKED = 1 << 24  # bytes of a compressed file; a real one has 85,000
MAX_PLAIN = 1 << 26  # bytes of a pickle; a real one has 330,000
BATCH = 32  # files passed to each worker at a time
_NAME = re.compile(r"([0-9]{6})\.pickle\.pbz2")


class NatsFiles(NamedTuple):
    """Contents of a folder or a tar."""

    entries: list[ArchitectureResults]  # the architectures, in any order
    meta: dict[str, Any]  # contents of ``meta.pickle.pbz2``, empty if it is missing
    sha256: str  # SHA-256 of the tar, or of the names and checksums of the files in the folder


def is_nats_folder(path: Path) -> bool:
    """Return whether a folder holds files of the benchmark."""
    return path.is_dir() and any(_NAME.fullmatch(file.name) for file in path.iterdir())


def read_nats(
    path: Path,
    *,
    curves: bool = False,
    jobs: int = 1,
    show: Callable[[float], None] = lambda share: None,
) -> NatsFiles:
    """Read all architectures of a folder or a tar."""
    meta: dict[str, Any] = {}
    digest = hashlib.sha256()
    entries: list[ArchitectureResults] = []
    if path.is_dir():
        files = _folder_files(path)
        total = sum(bool(_NAME.fullmatch(file.name)) for file in path.iterdir())
    else:
        files = _tar_files(path)
        total = path.stat().st_size // 90_000  # a file in the tar has some 85 kB
    with Parallel(n_jobs=jobs) as workers:
        # Files are read in this process: errors in joblib's own threads would be lost.
        while batch := list(islice(files, BATCH * jobs)):
            shares = [batch[first::jobs] for first in range(min(jobs, len(batch)))]
            for share in workers(delayed(_read_share)(share, curves) for share in shares):
                for found in share:
                    if isinstance(found, ArchitectureResults):
                        entries.append(found)
                    else:
                        meta = found
            for name, data in batch:
                digest.update(_checksum_line(name, data))
            show(min(len(entries) / max(total, 1), 1.0))
    return NatsFiles(entries, meta, digest.hexdigest() if path.is_dir() else file_sha256(path))


def folder_sha256(path: Path) -> str:
    """Return the SHA-256 of the names and checksums of the files in a folder."""
    digest = hashlib.sha256()
    for name, data in _folder_files(path):
        digest.update(_checksum_line(name, data))
    return digest.hexdigest()


def _checksum_line(name: str, data: bytes) -> bytes:
    return f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode()


def _folder_files(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.iterdir()):
        if file.name == META or _NAME.fullmatch(file.name):
            hint = "a file of the benchmark has fewer"
            yield file.name, read_bounded(file, MAX_PACKED, hint, name=file.name)


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|") as tar:
            for member in tar:
                name = member.name.rpartition("/")[2]
                if name != META and not _NAME.fullmatch(name):
                    continue
                if not member.isreg() or member.sparse is not None or member.size > MAX_PACKED:
                    raise InputError(f"{name} is no file of at most {MAX_PACKED >> 20} MB")
                content = tar.extractfile(member)
                data = content.read() if content else b""
                if len(data) != member.size:
                    raise InputError(f"the tar is cut off in {name}")
                yield name, data
    except InputError:
        raise
    except Exception as error:  # a damaged tar can raise anything
        raise InputError(f"the tar is damaged ({str(error)[:80]})") from error


def _read_share(
    share: list[tuple[str, bytes]], curves: bool
) -> list[ArchitectureResults | dict[str, Any]]:
    return [read_file(name, data, curves=curves) for name, data in share]


def read_file(
    name: str, data: bytes, *, curves: bool = False
) -> ArchitectureResults | dict[str, Any]:
    """Read one file of the benchmark."""
    with naming(name):
        content = load_pickle(_decompressed(data), RECORDS)
        if not isinstance(content, dict):
            raise InputError(f"holds a {type(content).__name__}, not a dictionary")
        if name == META:
            return content
        unknown = [key for key in content if key not in map(str, EPOCHS)]
        if unknown:
            raise InputError(f"has results for {str(unknown[0])[:20]!r} epochs, not 12 or 200")
        record = {int(epochs): state for epochs, state in content.items()}
        return read_record(int(name.partition(".")[0]), record, curves=curves, nats=True)


def _decompressed(data: bytes) -> bytes:
    unpacker = bz2.BZ2Decompressor()
    try:
        plain = unpacker.decompress(data, MAX_PLAIN)
    except (OSError, ValueError) as error:
        raise InputError(f"is damaged ({error})") from error
    if not unpacker.eof:
        is_large = len(plain) >= MAX_PLAIN
        raise InputError(f"has more than {MAX_PLAIN >> 20} MB" if is_large else "is cut off")
    if unpacker.unused_data:
        raise InputError("has bytes after its end")
    return plain
