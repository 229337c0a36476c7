"""Which accuracy of a table is meant by as much of its name as the user gave."""

from __future__ import annotations

from benchmark.errors import MissingError
from benchmark.truth.table import AccuracyKey, TruthTable


def choose_key(
    table: TruthTable,
    dataset: str | None = None,
    split: str | None = None,
    epochs: int | None = None,
) -> AccuracyKey:
    """Return the only accuracy of a table that fits; nothing is guessed where several do.

    Args:
        table: The table.
        dataset: Its data set, in any case, ``imagenet16`` standing for ``imagenet16-120``; None
            fits all.
        split: Its split; None fits all.
        epochs: Its length of training in epochs; None fits all.

    Returns:
        The accuracy.

    Raises:
        MissingError: None or several of the table's accuracies fit; the message lists them.

    Example:
        >>> import numpy as np
        >>> from benchmark.truth.table import Source
        >>> keys = [AccuracyKey("cifar10", "test", 200), AccuracyKey("cifar10", "test", 12)]
        >>> columns = dict.fromkeys(keys, np.array([90.0]))
        >>> table = TruthTable("one", "-", Source("-", "-"), np.array([5]), columns)
        >>> str(choose_key(table, epochs=12))
        'cifar10_test_12'
        >>> choose_key(table, "CIFAR10") # doctest: +ELLIPSIS
        Traceback (most recent call last):
        benchmark.errors.MissingError: table 'one' has cifar10_test_12, cifar10_test_200...
    """
    fitting = [
        key
        for key in table.keys
        if (dataset is None or dataset.lower() in (key.dataset, str(key).split("_")[0]))
        and split in (None, key.split)
        and epochs in (None, key.epochs)
    ]
    if len(fitting) == 1:
        return fitting[0]
    given = {"dataset": dataset, "split": split, "epochs": epochs}
    asked = ", ".join(f"{name} {value}" for name, value in given.items() if value is not None)
    if not fitting:
        raise MissingError(
            f"table {table.name!r} has no accuracy of {asked}: it has {_listed(table.keys)}"
        )
    open_names = " and ".join(name for name, value in given.items() if value is None)
    raise MissingError(f"table {table.name!r} has {_listed(fitting)}: choose one by {open_names}")


def _listed(keys: list[AccuracyKey] | tuple[AccuracyKey, ...]) -> str:
    return ", ".join(map(str, keys))
