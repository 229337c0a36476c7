"""How well predictions from anywhere rank, against any table of true accuracies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from analysis.metrics.ranking import METRICS, RankMetrics, rank_metrics
from benchmark.errors import MissingError
from benchmark.spaces.nb201 import Codes, to_string
from benchmark.truth import AccuracyKey, TruthTable
from benchmark.truth.predictions import Predictions

FEW = 1_000  # below, the choice of architectures moves tau as much as the choice of method does

# What a metric is called in the JSON of a score, where that is not its own name.
JSON_NAMES: Mapping[str, str] = MappingProxyType(
    {"predicted_best": "top1_accuracy", "best_of_top_10": "top10_best_accuracy"}
)


@dataclass(frozen=True, eq=False)
class Score:
    """The ranking quality of one file of predictions.

    Attributes:
        predictions: What was scored.
        table: Name of the table of truth.
        key: Which accuracy of it.
        codes: The architectures compared [n], ascending.
        metrics: How well they are ranked.
    """

    predictions: Predictions
    table: str
    key: AccuracyKey
    codes: Codes
    metrics: RankMetrics

    def to_dict(self) -> dict[str, Any]:
        """Return the score as plain values under stable names; an undefined metric is None."""
        values = {name: metric.of(self.metrics) for name, metric in METRICS.items()}
        return {
            "file": self.predictions.file,
            "table": self.table,
            "dataset": self.key.dataset,
            "split": self.key.split,
            "epochs": self.key.epochs,
            "n_architectures": len(self.codes),
            **{
                JSON_NAMES.get(name, name): None if math.isnan(value) else value
                for name, value in values.items()
            },
        }


def score_predictions(
    predictions: Predictions, table: TruthTable, key: AccuracyKey, subset: Codes | None = None
) -> Score:
    """Measure predictions against the truth.

    Args:
        predictions: Scores of architectures.
        table: The truth.
        key: Which accuracy of it.
        subset: Architectures [n] to compare, ascending, each once; None for all that are predicted.

    Returns:
        The score.

    Raises:
        MissingError: The table lacks the accuracy, or the predictions or the table lack an
            architecture that is to be compared.

    Example:
        >>> from benchmark.truth import Source
        >>> key, codes = AccuracyKey("cifar10", "test", 200), np.array([25, 31])
        >>> table = TruthTable("two", "-", Source("-", "-"), codes, {key: np.array([90, 91])})
        >>> score = score_predictions(Predictions("mine", codes, np.array([0.1, 0.2])), table, key)
        >>> score.metrics.kendall_tau, score.to_dict()["n_architectures"]
        (1.0, 2)
    """
    codes = predictions.codes if subset is None else subset
    scores = predictions.of(codes)
    absent = np.setdiff1d(codes, table.codes)
    if absent.size:
        what, remedy = f"of {predictions.file}", "name those to compare in a subset"
        if subset is not None:
            what, remedy = "to compare", "leave them out of the subset"
        raise MissingError(
            f"table {table.name!r} lacks {absent.size:,} of the {len(codes):,} architectures "
            f"{what}, the first is {to_string(absent[0])}; {remedy}"
        )
    metrics = rank_metrics(scores, table.accuracy(key, codes))
    return Score(predictions, table.name, key, codes, metrics)


def doubts(scores: Sequence[Score]) -> list[str]:
    """Return what makes scores, or their comparison, doubtful, a line each.

    Args:
        scores: Of any number of files.
    """
    lines = []
    for score in scores:
        file = score.predictions.file
        if score.predictions.maybe_cut_off:
            lines.append(
                f"{file} ends without a line break; if it was cut off there, its last score is too"
            )
        few = sample_warning(len(score.codes))
        if few:
            lines.append(f"{file}: {few}")
    if not same_architectures(scores):
        lines.append(
            "the files are scored on different architectures, so their numbers cannot be compared; "
            "name the architectures in a subset"
        )
    return lines


def same_architectures(scores: Sequence[Score]) -> bool:
    """Tell whether all scores are about the same architectures, so that they can be compared."""
    return all(np.array_equal(score.codes, scores[0].codes) for score in scores)


def sample_warning(architectures: int) -> str | None:
    """Return what to say about a comparison of so many architectures, or None of enough.

    Example:
        >>> sample_warning(13) # doctest: +ELLIPSIS
        'only 13 architectures are compared; with fewer than 1,000 every metric depends on ...'
        >>> sample_warning(1_000)
    """
    if architectures >= FEW:
        return None
    return (
        f"only {architectures:,} architectures are compared; with fewer than {FEW:,} every metric "
        "depends on which ones they are"
    )
