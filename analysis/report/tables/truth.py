"""The table of the truth itself: how far its seeds agree, and the ceiling that follows."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.figures.curves import validation_key
from analysis.metrics.ranking import kendall_tau
from analysis.report.study import Study, require
from analysis.report.tables.shared import EMPTY, BuiltTable, count_cell
from analysis.statistics.ceiling import SeedAgreement, agreement_of, ceiling_tau, spearman_brown
from analysis.tables import TableCell, TextTable
from analysis.tables.captions import describe
from analysis.tables.cells import UNDEFINED, number_cell
from benchmark.truth import AccuracyKey, TruthTable

TOP = 10  # percent
WHOLE = "all"


class TruthRow(NamedTuple):
    """An accuracy on a set of architectures."""

    accuracy: AccuracyKey  # the accuracy
    part: str  # the set, in words
    architectures: int  # its size
    seeds: int | None  # seeds behind each mean; None where they are not the same for all
    tau: float  # Kendall's tau-b between two seeds
    rho: float  # Spearman's rank correlation between two seeds
    reliability: float  # of the mean over the seeds, from ``rho``; NaN where it does not follow
    ceiling: float  # the tau-b of perfect scores, from ``tau``; NaN likewise
    tau_with_validation: float  # tau-b with the validation accuracy after as many epochs


def truth_table(study: Study) -> BuiltTable:
    """Return how reliable those accuracies of the truth are that have several seeds.

    A row for all architectures of each accuracy, and where the table has the accuracies of each
    seed, one for the connected ones and one for the best.
    """
    known = [key for key in study.keys if key in study.table.measurements.agreement]
    require(known, f"table {study.table.name} does not record how far its seeds agree")
    known.sort(key=lambda key: key != study.key)
    groups = [list(_rows(study.table, key)) for key in known]
    rows = [row for group in groups for row in group]
    shown = TextTable(
        title="Truth",
        header=(
            "Accuracy",
            "Architectures",
            "How many",
            "Seeds",
            "τ-b between\nseeds",
            "ρ between\nseeds",
            "Reliability\nof the mean",
            "Noise ceiling\n(τ-b)",
            "τ-b, validation\nwith test",
        ),
        rows=tuple(map(_cells, rows)),
        caption="\n".join(_caption(study, by_seed=len(rows) > len(known))),
        names=2,
        groups=tuple(map(len, groups)),
    )
    numbers = pd.DataFrame(
        {"table": study.table.name, **row._asdict(), "accuracy": str(row.accuracy)} for row in rows
    )
    return BuiltTable(shown, numbers)


def accuracies_by_seed(table: TruthTable, key: AccuracyKey) -> NDArray[np.float64] | None:
    """Return the accuracies of two or more seeds, [seeds, n]; None if the table lacks some."""
    found = table.measurements.by_seed.get(key)
    if found is None or len(found.seeds) < 2 or np.isnan(found.accuracies).any():
        return None
    return found.accuracies.T


def _rows(table: TruthTable, key: AccuracyKey) -> Iterator[TruthRow]:
    of_table = table.measurements.agreement[key]
    agreed = SeedAgreement(of_table.architectures, of_table.tau, of_table.rho)
    by_seed = accuracies_by_seed(table, key)
    if by_seed is not None and len(table) != agreed.architectures:  # of fewer candidates
        agreed = agreement_of(by_seed)
    every = np.ones(len(table), bool)
    yield _row(table, key, WHOLE, every, agreed, of_table.seeds)
    if by_seed is None:
        return
    connected, top = table.space.works(table.codes), _top(table.accuracy(key))
    if connected.sum() > 1 and not connected.all():
        agreed = agreement_of(by_seed[:, connected])
        yield _row(table, key, "connected", connected, agreed, len(by_seed))
    if top.sum() > 1:
        agreed = _agreement_in_top(by_seed, int(top.sum()))
        row = _row(table, key, f"true top {TOP} %", top, agreed, len(by_seed))
        yield row._replace(reliability=math.nan, ceiling=math.nan)


def _top(truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the membership of the top, including ties at its boundary."""
    place = max(1, len(truth) * TOP // 100)
    boundary = float(np.partition(truth, -place)[-place])
    return truth >= boundary


def _agreement_in_top(by_seed: NDArray[np.float64], architectures: int) -> SeedAgreement:
    """Return how far every two seeds agree on the top by all other seeds.

    If the two had selected the top themselves, the selection would bias their agreement downwards.
    """
    found = []
    for one, other in combinations(range(len(by_seed)), 2):
        others = np.delete(by_seed, [one, other], axis=0)
        if not len(others):
            return SeedAgreement(architectures, math.nan, math.nan)
        found.append(agreement_of(by_seed[[one, other]][:, _top(others.mean(0))]))
    _, tau, rho = np.mean(found, axis=0)
    return SeedAgreement(architectures, float(tau), float(rho))


def _row(
    table: TruthTable,
    key: AccuracyKey,
    name: str,
    part: NDArray[np.bool_],
    found: SeedAgreement,
    seeds: int | None,
) -> TruthRow:
    other = validation_key(table, key)
    return TruthRow(
        key,
        name,
        found.architectures,
        seeds,
        found.tau,
        found.rho,
        math.nan if seeds is None else spearman_brown(found.rho, seeds),
        math.nan if seeds is None else ceiling_tau(found.tau, seeds),
        math.nan
        if other is None
        else kendall_tau(table.accuracy(other)[part], table.accuracy(key)[part]),
    )


def _cells(row: TruthRow) -> tuple[TableCell, ...]:
    return (
        TableCell(describe(row.accuracy)),
        TableCell(row.part),
        count_cell(row.architectures),
        EMPTY if row.seeds is None else count_cell(row.seeds),
        *(
            number_cell(value, 3)
            for value in (row.tau, row.rho, row.reliability, row.ceiling, row.tau_with_validation)
        ),
    )


def _caption(study: Study, *, by_seed: bool) -> list[str]:
    table = study.table
    parts = (
        f"True top {TOP} %: by the mean over all seeds, including ties at its boundary; but two "
        "seeds are compared on the top by the other seeds, as they must not have selected what "
        "they are compared on. The reliability of the mean in its own top does not follow from "
        f"that: {UNDEFINED}."
    )
    if not table.space.works(table.codes).all():
        parts = f"Connected: a signal reaches the output. {parts}"
    lines = [
        f"Truth: table {table.name}: {table.description}.",
        "Between seeds: the mean over pairs of seeds. Reliability of the mean over k seeds: "
        "Spearman–Brown, k·ρ / (1 + (k − 1)·ρ). Noise ceiling: the τ that perfect scores would "
        "reach, the square root of the same formula on r = sin(π·τ / 2), converted back by "
        "τ = 2/π·arcsin r.",
        "All seeds are measured on one and the same set of test images, and validation and test "
        "accuracies may come from the same trained weights: what these have in common counts here "
        "as truth.",
        parts
        if by_seed
        else "The table does not hold the accuracies of each seed, so parts of the space are left "
        "out.",
    ]
    if any(agreement.seeds is None for agreement in table.measurements.agreement.values()):
        lines.append(f"{UNDEFINED} where architectures have different numbers of seeds.")
    return lines
