"""Making a baseline from runs, for the first time or anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analysis.regression.baseline import Baseline, BaselineTruth
from analysis.regression.gates import DEFAULT_ALPHA, DEFAULT_GATES, parse_gates
from benchmark.errors import InputError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable


def updated_baseline(
    before: Baseline | None,
    records: Sequence[RunRecord],
    table: TruthTable,
    key: AccuracyKey,
    *,
    methods: Collection[str] = (),
    gates: Sequence[str] = (),
    alpha: float | None = None,
    references: Collection[str] = (),
) -> Baseline:
    """Return a baseline of new runs; what is not given stays as it was.

    Args:
        before: The baseline that it replaces.
        records: The new runs.
        table: True accuracies.
        key: Which of them.
        methods: Names of the runs to keep; empty keeps all but the references.
        gates: Such as ``kendall_tau=0.02``.
        alpha: Level of significance for all gates together.
        references: Methods that train nothing, so that no change of training makes them worse.
    """
    found = {record.name for record in records}
    kept = set(methods) or found - set(references)
    absent = sorted(kept - found)
    if absent:
        raise InputError(f"no run of {', '.join(absent)}: run it, or leave out its --method")
    old_gates = before.gates if before else DEFAULT_GATES
    old_alpha = before.alpha if before else DEFAULT_ALPHA
    return Baseline(
        records=tuple(record for record in records if record.name in kept),
        truth=BaselineTruth.of(table, key),
        gates=parse_gates(gates) if gates else old_gates,
        alpha=old_alpha if alpha is None else alpha,
    )
