"""The top k of a list with ties: expectations over random order among equals, in closed form.

Higher values are better. Every quantity depends on the values alone, never on the items' indices.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError


def finite_vectors(**named: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return lists of numbers [n], n >= 1, as float64 in order; messages use their names."""
    vectors = {name: np.asarray(values, dtype=np.float64) for name, values in named.items()}
    for name, vector in vectors.items():
        if vector.ndim != 1 or vector.size == 0:
            raise InputError(f"{name} of shape {vector.shape}: give a list of at least one number")
        broken = np.flatnonzero(~np.isfinite(vector))
        if broken.size:
            raise InputError(
                f"{broken.size} of {vector.size} {name} are not finite, the first is "
                f"{vector[broken[0]]} at position {broken[0]}: leave such items out"
            )
    if len({vector.size for vector in vectors.values()}) > 1:
        sizes = " but ".join(f"{vector.size} {name}" for name, vector in vectors.items())
        raise InputError(f"{sizes}: give one of each for every item")
    return tuple(vectors.values())


def membership(values: ArrayLike, k: int) -> NDArray[np.float64]:
    """Return P(each of the values [n] is among the ``k`` highest), [n]; it sums to k.

    Example:
        >>> membership([9, 5, 5, 1], k=2)
        array([1. , 0.5, 0.5, 0. ])
    """
    (vector,) = finite_vectors(values=values)
    above, tied = _split_at_boundary(vector, k)
    share = (k - int(above.sum())) / int(tied.sum())
    return np.where(tied, share, above.astype(np.float64))


def expected_best(scores: ArrayLike, truth: ArrayLike, k: int) -> float:
    """Return the expected highest truth [n] among the ``k`` items with the highest scores [n]."""
    predicted, true = finite_vectors(scores=scores, truths=truth)
    above, tied = _split_at_boundary(predicted, k)
    draws = k - int(above.sum())
    falling = np.sort(true[tied])[::-1]
    certain = np.max(true[above], initial=-np.inf)
    weights = _maximum_weights(falling.size, draws)
    return float(np.sum(weights * np.maximum(falling, certain)))


def _split_at_boundary(
    values: NDArray[np.float64], k: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return masks of the items certainly in the top k, and of those tied for its last places."""
    if not 1 <= k <= values.size:
        raise InputError(f"k is {k}: choose 1 to {values.size}, the number of items")
    boundary = np.partition(values, -k)[-k]
    return values > boundary, values == boundary


def _maximum_weights(size: int, draws: int) -> NDArray[np.float64]:
    """Return P(the j-th largest of ``size`` items is the largest drawn), draws without replacement.

    That is C(size-j-1, draws-1) / C(size, draws), as a product of factors in [0, 1], so that
    nothing overflows or cancels: the larger ones are missed, then this one is drawn.
    """
    left = size - np.arange(size, dtype=np.float64)
    drawn = np.minimum(draws / left, 1.0)
    missed = np.maximum((left - draws) / left, 0.0)
    return drawn * np.concatenate(([1.0], np.cumprod(missed[:-1])))
