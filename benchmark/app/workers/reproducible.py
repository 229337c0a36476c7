"""How a process computes a unit: on one thread, by deterministic kernels, keeping freed memory."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch

THREADS = 1  # more would change the order of sums, and with it the last bits
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt(3)
KEPT = (1 << 31) - 1  # bytes, the most that mallopt takes
LARGEST = 1 << 30  # bytes of a block that comes from the heap and so can be kept


@contextmanager
def reproducible() -> Iterator[None]:
    """Make results independent of chance and other processes; PyTorch's settings are restored."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    threads = torch.get_num_threads()
    before = cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32
    torch.set_num_threads(THREADS)
    cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = True, *[False] * 3
    try:
        with kept_memory():
            yield
    finally:
        torch.set_num_threads(threads)
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = before


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let this process keep up to 2 GB that it frees within the block; returned at its end.

    Training and scoring allocate and free the same feature maps over and over. glibc returns free
    memory at the top of its heap to the system, and the next map touches every page for the first
    time again: with large maps, a seventh of the time of scoring. Nothing changes where the C
    library is not glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    library = ctypes.CDLL(None)
    library.mallopt(_TRIM_THRESHOLD, KEPT)
    library.mallopt(_MMAP_THRESHOLD, LARGEST)
    try:
        yield
    finally:
        library.malloc_trim(0)
