"""Choosing one of a table's accuracies by the parts of its key that the user gave."""

from benchmark.errors import MissingError
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.table import TruthTable


def choose_key(
    table: TruthTable,
    dataset: str | None = None,
    split: str | None = None,
    epochs: int | None = None,
) -> AccuracyKey:
    """Return the only accuracy of a table that matches; None matches all.

    The data set may be written in any case, and ``imagenet16`` means ``imagenet16-120``.
    """
    matching = [
        key
        for key in table.keys
        if (dataset is None or dataset.lower() in (key.dataset, str(key).split("_")[0]))
        and split in (None, key.split)
        and epochs in (None, key.epochs)
    ]
    if len(matching) == 1:
        return matching[0]
    given = {"dataset": dataset, "split": split, "epochs": epochs}
    listed = ", ".join(map(str, matching or table.keys))
    if not matching:
        asked = ", ".join(f"{name} {value}" for name, value in given.items() if value is not None)
        raise MissingError(f"table {table.name!r} has no accuracy of {asked}: it has {listed}")
    missing = " and ".join(name for name, value in given.items() if value is None)
    raise MissingError(f"table {table.name!r} has {listed}: choose one by {missing}")
