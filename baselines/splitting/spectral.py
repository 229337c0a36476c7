"""Groups of options by spectral clustering, for decisions with too many to try every partition."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from baselines.splitting.partition import Partition, checked_distances, measured_partition
from benchmark.errors import InputError

SEED = 0  # of the starting vector of the eigenvalue solver; the same cut at every call


def spectral_partition(distances: ArrayLike, groups: int = 2, min_size: int = 2) -> Partition:
    """Return a partition that keeps similar options together, not always the best one.

    The affinity of two options is (1 + cosine) / 2 = 1 − distance / 2. Groups below the least
    size then get, one by one, the option whose move separates the most distance.

    Arguments are those of `best_partition`, with distances from 0 to 2.
    """
    from sklearn.cluster import SpectralClustering  # slow to import

    matrix = checked_distances(distances)
    if not 2 <= groups <= len(matrix):
        raise InputError(f"{groups} groups of {len(matrix)} options: choose 2 to {len(matrix)}")
    if min_size < 1:
        raise InputError(f"min_size is {min_size}: choose 1 or more, groups are not empty")
    if groups == len(matrix):
        return measured_partition(matrix, tuple((place,) for place in range(groups)))
    affinity = 1 - matrix / max(2.0, float(matrix.max()))
    clustering = SpectralClustering(
        groups, affinity="precomputed", assign_labels="cluster_qr", random_state=SEED
    )
    with warnings.catch_warnings():
        # a graph of separate components is the ideal case here
        warnings.filterwarnings("ignore", message="Graph is not fully connected")
        labels = np.asarray(clustering.fit_predict(affinity))
    labels = _balanced(matrix, labels, groups, min(min_size, len(matrix) // groups))
    found = [tuple(np.flatnonzero(labels == label).tolist()) for label in range(groups)]
    return measured_partition(matrix, tuple(sorted(found)))


def _balanced(
    matrix: NDArray[np.float64], labels: NDArray[np.int64], groups: int, least: int
) -> NDArray[np.int64]:
    """Return labels with at least ``least`` options each; of equal moves the first is taken."""
    labels = labels.copy()
    while True:
        sizes = np.bincount(labels, minlength=groups)
        small = int(sizes.argmin())
        if sizes[small] >= least:
            return labels
        gains = {
            place: matrix[place, labels == label].sum() - matrix[place, labels == small].sum()
            for place, label in enumerate(labels)
            if sizes[label] > least
        }
        labels[max(gains, key=lambda place: float(gains[place]))] = small
