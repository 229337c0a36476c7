"""Each network once: the architectures of one network share one number, their mean.

Several architectures can be one network, see `Space.network`. A ranking of architectures counts
such a network several times, and asks scores to tie where truths were measured only once.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.base import Codes, Space


def network_means(space: Space, codes: Codes, *columns: ArrayLike) -> list[NDArray[np.float64]]:
    """Return the means [k] of each column [n] over the architectures [n] of each network.

    Networks are in the order of their codes. Where all numbers of a network are equal, their mean
    is exactly that number.
    """
    networks = space.network(codes)
    order = np.argsort(networks, kind="stable")
    starts = np.flatnonzero(np.diff(networks[order], prepend=-1))
    counts = np.diff(starts, append=len(networks))
    means = []
    for column in columns:
        values = np.asarray(column, np.float64)[order]
        lowest, highest = (each.reduceat(values, starts) for each in (np.minimum, np.maximum))
        # rounding of a mean of equal numbers would break ties with other networks
        mean = np.add.reduceat(values, starts) / counts
        means.append(np.where(lowest == highest, lowest, mean))
    return means
