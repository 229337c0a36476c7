"""Making a baseline from runs, for the first time or again."""

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
    """Return a baseline of new runs; what is not given stays as it was."""
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
