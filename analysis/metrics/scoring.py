"""The ranking quality of a file of predictions, measured against a table of true accuracies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from analysis.metrics.ranking import METRICS, RankMetrics, kendall_tau, rank_metrics
from benchmark.errors import MissingError
from benchmark.spaces.base import Codes
from benchmark.truth import AccuracyKey, TruthTable
from benchmark.truth.measurements import group_means
from benchmark.truth.predictions import Predictions
from benchmark.truth.space_choice import check_space

FEW = 1_000  # below, tau depends on the sample of architectures as much as on the method

# Names of metrics in the JSON of a score, where they differ.
JSON_NAMES: Mapping[str, str] = MappingProxyType(
    {"predicted_best": "top1_accuracy", "best_of_top_10": "top10_best_accuracy"}
)


@dataclass(frozen=True, eq=False)
class Score:
    """The ranking quality of one file of predictions."""

    predictions: Predictions  # the file
    table: str  # name of the truth table
    key: AccuracyKey  # the accuracy
    codes: Codes  # the architectures compared [n], ascending
    metrics: RankMetrics  # of the ranking
    n_networks: int  # how many different networks the architectures are, see `Space.network`
    # tau-b with each network once; where scores or truths of its architectures differ, their mean
    kendall_tau_networks: float

    def to_dict(self) -> dict[str, Any]:
        """Return the score as JSON values under stable names; an undefined metric is None."""
        values = {name: metric.of(self.metrics) for name, metric in METRICS.items()}
        values["kendall_tau_networks"] = self.kendall_tau_networks
        return {
            "file": self.predictions.file,
            "table": self.table,
            "space": self.predictions.space.name,
            "dataset": self.key.dataset,
            "split": self.key.split,
            "epochs": self.key.epochs,
            "n_architectures": len(self.codes),
            "n_networks": self.n_networks,
            **{
                JSON_NAMES.get(name, name): None if math.isnan(value) else value
                for name, value in values.items()
            },
        }


def score_predictions(
    predictions: Predictions, table: TruthTable, key: AccuracyKey, subset: Codes | None = None
) -> Score:
    """Measure predictions against the truth, of architectures and of different networks.

    Metrics compare architectures; only ``kendall_tau_networks`` counts each network once.
    """
    check_space(f"{predictions.file} holds architectures", predictions.space, table.space)
    codes = predictions.codes if subset is None else subset
    scores = predictions.scores_of(codes)
    absent = np.setdiff1d(codes, table.codes)
    if absent.size:
        what, remedy = f"of {predictions.file}", "name those to compare in a subset"
        if subset is not None:
            what, remedy = "to compare", "leave them out of the subset"
        raise MissingError(
            f"table {table.name!r} lacks {absent.size:,} of the {len(codes):,} architectures "
            f"{what}, the first is {table.space.format(int(absent[0]))}; {remedy}"
        )
    truth = table.accuracy(key, codes)
    scores_of_networks, truth_of_networks = group_means(table.space.network(codes), scores, truth)
    return Score(
        predictions=predictions,
        table=table.name,
        key=key,
        codes=codes,
        metrics=rank_metrics(scores, truth),
        n_networks=len(truth_of_networks),
        kendall_tau_networks=kendall_tau(scores_of_networks, truth_of_networks),
    )


def score_warnings(scores: Sequence[Score]) -> list[str]:
    """Return warnings about scores of files and about comparing them, one per line."""
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
    """Return whether all scores compare the same architectures."""
    return all(np.array_equal(score.codes, scores[0].codes) for score in scores)


def sample_warning(architectures: int) -> str | None:
    """Return a warning about a small sample of architectures, or None where it is large enough."""
    if architectures >= FEW:
        return None
    return (
        f"only {architectures:,} architectures are compared; with fewer than {FEW:,} every metric "
        "depends on which ones they are"
    )
