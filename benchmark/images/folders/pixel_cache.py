"""The decoded pixels of a folder's pictures, in a file that is made once and mapped into memory.

The file is a NumPy array, uint8 [n, 3, R, R]. A small JSON file beside it, written last, says what
it was made from. Several processes of one machine may ask for it: one makes it, the others wait.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import joblib
import msgspec
import numpy as np
import torch
from filelock import FileLock
from joblib.externals.loky import get_reusable_executor
from numpy.typing import NDArray
from torch import Tensor

from benchmark.errors import CheckError, InputError
from benchmark.files import reason, replacing, sweep, write_atomic
from benchmark.images.folders.pictures import CHANNELS, read_pictures

CHUNK = 64  # pictures that a worker decodes at a time
WORTH_A_WORKER = 1_000  # pictures whose decoding takes longer than to start a worker
VERSION = 1  # of how pictures are decoded and put in order
Progress = Callable[[float], None]


@dataclass(frozen=True)
class CacheInfo:
    """What the JSON file holds."""

    version: int
    pictures: int
    resolution: int
    listed: str  # SHA-256 of the pictures' names and sizes
    digest: str  # SHA-256 of all pixels


@dataclass(frozen=True)
class PixelCache:
    """Where the pixels of some pictures are kept."""

    stem: Path  # path of both files without their endings
    place: Path  # folder of the pictures
    names: list[str]  # their paths from there, in the order of the file
    resolution: int
    listed: str  # SHA-256 of the pictures' names and sizes

    @property
    def file(self) -> Path:
        """Path of the pixels."""
        return self.stem.with_name(f"{self.stem.name}.npy")

    @property
    def info_file(self) -> Path:
        """Path of what they were made from."""
        return self.stem.with_name(f"{self.stem.name}.json")

    def make(self, progress: Progress, jobs: int | None = None) -> CacheInfo:
        """Return what the file was made from, after making it if it is missing or outdated.

        Args:
            progress: Called with the share of pictures that are decoded.
            jobs: How many processes decode; None for one on each core.
        """
        info = self._found()
        if info is not None:
            return info
        with self._locked():
            info = self._found()  # another process may just have made it
            if info is None:
                sweep(self.stem.parent)
                info = self._made(progress, jobs or joblib.cpu_count())
        return info

    def pixels(self) -> Tensor:
        """Return the pixels, uint8 [n, 3, R, R], as a memory map that cannot be written to."""
        try:
            mapped = np.load(self.file, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {self.file}: delete it, it is made again") from error
        if mapped.shape != self._shape or mapped.dtype != np.uint8:
            raise InputError(f"{self.file} holds other pixels: delete it, it is made again")
        with warnings.catch_warnings():  # PyTorch has no tensors that cannot be written to
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return torch.from_numpy(mapped)

    @property
    def _shape(self) -> tuple[int, ...]:
        return len(self.names), CHANNELS, self.resolution, self.resolution

    def _found(self) -> CacheInfo | None:
        """Return what the file was made from if it was these pictures."""
        try:
            info = msgspec.json.decode(self.info_file.read_bytes(), type=CacheInfo)
        except (OSError, msgspec.MsgspecError):
            return None
        asked = (VERSION, len(self.names), self.resolution, self.listed)
        same = (info.version, info.pictures, info.resolution, info.listed) == asked
        return info if same and self.file.is_file() else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self.stem.with_name(f".{self.stem.name}.lock"))
        try:
            self.stem.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except (OSError, NotImplementedError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise CheckError(f"cannot write to {self.stem.parent}: {why}") from error
        try:
            yield
        finally:
            with suppress(OSError):  # Windows removes no open file
                Path(lock.lock_file).unlink()
            lock.release()

    def _made(self, progress: Progress, jobs: int) -> CacheInfo:
        self.info_file.unlink(missing_ok=True)  # of an older file
        digest = sha256()
        with replacing(self.file) as temporary, temporary.open("wb") as file:
            _write_header(file, self._shape)
            done = 0
            for chunk in self._decoded(jobs):
                file.write(chunk.data)
                digest.update(chunk.data)
                done += len(chunk)
                progress(done / len(self.names))
        info = CacheInfo(VERSION, len(self.names), self.resolution, self.listed, digest.hexdigest())
        write_atomic(self.info_file, msgspec.json.encode(info))
        return info

    def _decoded(self, jobs: int) -> Iterator[NDArray[np.uint8]]:
        """Yield the pixels of all pictures in their order, chunk by chunk."""
        jobs = min(jobs, 1 + len(self.names) // WORTH_A_WORKER)
        chunks = [self.names[at : at + CHUNK] for at in range(0, len(self.names), CHUNK)]
        call = joblib.delayed(read_pictures)
        parallel = joblib.Parallel(jobs, return_as="generator")
        yield from parallel(call(self.place, chunk, self.resolution) for chunk in chunks)
        if jobs > 1:
            get_reusable_executor().shutdown()  # or idle workers would keep memory for minutes


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
