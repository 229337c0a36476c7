"""``nasbench check``: whether runs are worse than a baseline, for people and for machines."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.errors import CheckError, InputError

if TYPE_CHECKING:
    from analysis.regression import Baseline, CheckResult
    from benchmark.records import RunRecord
    from benchmark.truth import AccuracyKey, TruthTable

TABLE, ACCURACY = "analog-nasbench", "cifar10_test_200"


@click.command()
@click.argument("runs", type=click.Path(path_type=Path))
@click.option(
    "--against",
    "path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The baseline.",
)
@click.option("--update", is_flag=True, help="Make the baseline from RUNS instead of judging them.")
@click.option("--yes", is_flag=True, help="With --update: do not ask.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME",
    help="With --update: a method to keep; may be given several times.  [default: all that train]",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="METRIC=DROP",
    help="With --update: the smallest drop of a metric that counts; may be given several times.  "
    "[default: as before, at first kendall_tau=0.02 and best_of_top_10=0.5]",
)
@click.option(
    "--alpha",
    type=float,
    metavar="LEVEL",
    help="With --update: the chance at most that unchanged methods fail.  "
    "[default: as before, at first 0.05]",
)
@click.option(
    "--table",
    metavar="NAME|PATH",
    help="True accuracies: a name of `nasbench list tables`, or a .csv or .nbtable file.  "
    "[default: the baseline's, at first analog-nasbench]",
)
@click.option(
    "--accuracy",
    metavar="KEY",
    help="Which accuracy of the table: <dataset>_<split>_<epochs>.  "
    "[default: the baseline's, at first cifar10_test_200]",
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the verdicts as JUnit's XML.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def check(
    runs: Path,
    path: Path,
    *,
    update: bool,
    yes: bool,
    methods: tuple[str, ...],
    gates: tuple[str, ...],
    alpha: float | None,
    table: str | None,
    accuracy: str | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Tell whether the runs in the folder RUNS rank worse than a baseline.

    A metric of a method is worse if its mean over the seeds fell by at least its gate and the drop
    is significant. The exit code is 0 if nothing is worse, 1 if something is, and 2 if something is
    missing, not comparable, or could not be judged with so few seeds.

    \b
    Examples:
      nasbench check runs/ci --against results/baselines/ci.json
      nasbench check runs/ci --against results/baselines/ci.json --junit check.xml
      nasbench check runs/ci --against results/baselines/ci.json --update
      nasbench check runs/ci --against mine.json --update --gate kendall_tau=0.03 --gate regret=1
    """
    from analysis.regression import judge, read_baseline
    from benchmark.records import read_whole_records

    if not update and (yes or methods or gates or alpha is not None):
        raise InputError("--yes, --method, --gate and --alpha set up a baseline: add --update")
    if update and (junit or as_json):
        raise InputError(
            "--junit and --json tell verdicts, --update replaces the baseline: ask once"
        )
    before = read_baseline(path) if path.exists() or not update else None
    truth, key = _open_truth(before, table, accuracy)
    records, damaged = read_whole_records(runs)
    result = judge(before, records, damaged, truth, key) if before else None
    if update:
        if damaged:
            raise InputError(f"no baseline from damaged records: {next(iter(damaged.values()))}")
        after = _new_baseline(before, records, methods, gates, alpha, truth, key)
        _write(after, truth, path, result, yes=yes)
    elif result:
        _tell(result, junit, as_json=as_json)
        click.get_current_context().exit(result.exit_code)


def _open_truth(
    before: Baseline | None, table: str | None, accuracy: str | None
) -> tuple[TruthTable, AccuracyKey]:
    """Open what was asked for, else what the baseline was measured by."""
    from benchmark.truth import TABLES, AccuracyKey, open_table

    if table is None and before and before.truth.table not in TABLES:
        raise InputError(
            f"the baseline was measured by table {before.truth.table}: name its file with --table"
        )
    chosen = table or (before.truth.table if before else TABLE)
    key = AccuracyKey.parse(accuracy or (before.truth.accuracy if before else ACCURACY))
    truth = open_table(chosen)
    truth.accuracy(key)
    return truth, key


def _new_baseline(
    before: Baseline | None,
    records: Sequence[RunRecord],
    methods: Sequence[str],
    gates: Sequence[str],
    alpha: float | None,
    truth: TruthTable,
    key: AccuracyKey,
) -> Baseline:
    from analysis.regression import DEFAULT_ALPHA, DEFAULT_GATES, Baseline, Truth, parse_gates

    there = {record.name for record in records}
    kept = set(methods) or {name for name in there if not _is_reference(name)}
    absent = sorted(kept - there)
    if absent:
        raise InputError(f"no run of {', '.join(absent)}: run it, or leave out its --method")
    return Baseline(
        records=tuple(record for record in records if record.name in kept),
        truth=Truth.of(truth, key),
        gates=parse_gates(gates) if gates else (before.gates if before else DEFAULT_GATES),
        alpha=alpha if alpha is not None else (before.alpha if before else DEFAULT_ALPHA),
    )


def _is_reference(method: str) -> bool:
    """Whether a method trains nothing, so that no change of training can make it worse."""
    from baselines.registry import METHODS

    return method in METHODS and METHODS[method].reference


def _write(
    after: Baseline, truth: TruthTable, path: Path, result: CheckResult | None, *, yes: bool
) -> None:
    """Show what a new baseline changes, ask, and write it."""
    from analysis.regression import write_baseline

    if result:
        _show(result)
    if any(record.provenance.get("dirty") for record in after.records):
        click.echo("some runs were made by uncommitted code: nobody can make them again", err=True)
    kept = ", ".join(f"{method} ({len(runs)} seeds)" for method, runs in after.methods.items())
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("--update asks before it writes, and nobody can answer: add --yes")
        verb = "Replace" if path.exists() else "Write"
        if not click.confirm(f"{verb} {path} with {kept}?", err=True):
            click.echo("left as it was")
            return
    write_baseline(after, path, truth)
    click.echo(f"{path}: {kept}")


def _tell(result: CheckResult, junit: Path | None, *, as_json: bool) -> None:
    from analysis.regression import to_annotations, to_json, to_junit
    from benchmark.files import write_atomic

    if as_json:
        click.echo(to_json(result), nl=False)
    else:
        _show(result)
        click.echo(result.summary)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in to_annotations(result):
            click.echo(line, err=as_json)  # GitHub reads both streams, a JSON parser only one
    if junit:
        try:
            write_atomic(junit, to_junit(result))
        except CheckError as error:  # whose exit code would say that something is worse
            raise InputError(str(error)) from error


def _show(result: CheckResult) -> None:
    from analysis.regression import verdict_table
    from benchmark.app.cli.console import show

    show(verdict_table(result))
