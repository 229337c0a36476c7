"""``nasbench check``: whether runs are worse than a baseline, as a table or for programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.app.cli.options import truth_options
from benchmark.app.cli.truth import open_truth, show_truth, truth_of_runs
from benchmark.errors import CheckError, InputError

if TYPE_CHECKING:
    from analysis.regression import Baseline, CheckResult
    from benchmark.tasks.sections import TruthSettings


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
    help="With --update: the highest chance that unchanged methods fail.  "
    "[default: as before, at first 0.05]",
)
@truth_options("the baseline's, at first that of the runs' task")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the verdicts as JUnit XML.",
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
    """Check whether runs rank worse than a baseline.

    RUNS is a folder of records. A metric of a method is worse if its mean over the seeds fell by at
    least its gate and the drop is significant. The exit code is 0 if nothing is worse, 1 if
    something is, and 2 if something is missing, not comparable, or could not be judged with so few
    seeds.

    \b
    Examples:
      nasbench check runs/ci --against results/baselines/ci.json
      nasbench check runs/ci --against results/baselines/ci.json --junit check.xml
      nasbench check runs/ci --against results/baselines/ci.json --update
      nasbench check runs/ci --against mine.json --update --gate kendall_tau=0.03 --gate regret=1
    """
    from analysis.regression import judge, read_baseline, updated_baseline, write_baseline
    from baselines.registry import METHODS
    from benchmark.records import read_whole_records

    if not update and (yes or methods or gates or alpha is not None):
        raise InputError("--yes, --method, --gate and --alpha set up a baseline: add --update")
    if update and (junit or as_json):
        raise InputError("--junit and --json report verdicts: leave them out with --update")
    before = read_baseline(path) if path.exists() or not update else None
    truth, key = open_truth(_truth(before, runs, table, accuracy))
    records, damaged = read_whole_records(runs)
    result = judge(before, records, damaged, truth, key) if before else None
    if update:
        if damaged:
            raise InputError(f"no baseline from damaged records: {next(iter(damaged.values()))}")
        references = [name for name, method in METHODS.items() if method.reference]
        after = updated_baseline(
            before, records, truth, key,
            methods=methods, gates=gates, alpha=alpha, references=references,
        )  # fmt: skip
        if result:
            _show(result)
        if _agreed(after, path, yes=yes):
            write_baseline(after, path, truth)
            show_truth(truth, key)
            click.echo(f"{path}: {_counts(after)}")
        else:
            click.echo(f"{path}: not changed")
    elif result:
        _report(result, junit, as_json=as_json)
        click.get_current_context().exit(result.exit_code)


def _truth(
    before: Baseline | None, runs: Path, table: str | None, accuracy: str | None
) -> TruthSettings:
    """Return what the user names, else what the baseline was measured by, else the task's."""
    from benchmark.tasks.sections import TruthSettings
    from benchmark.truth import TABLES

    if before is None:
        return truth_of_runs(runs, table, accuracy)
    if (
        table is None and before.truth.table not in TABLES
    ):  # the user's may have another of its name
        raise InputError(
            f"the baseline was measured by table {before.truth.table}: name its file with --table"
        )
    return TruthSettings(table or before.truth.table, accuracy or before.truth.accuracy)


def _agreed(after: Baseline, path: Path, *, yes: bool) -> bool:
    """Ask whether a new baseline is to be written, unless the user has said so."""
    if any(record.provenance.get("dirty") for record in after.records):
        click.echo("some runs were made by uncommitted code and cannot be reproduced", err=True)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError("--update asks before it writes, and there is no terminal: add --yes")
    verb = "Replace" if path.exists() else "Write"
    return click.confirm(f"{verb} {path} with {_counts(after)}?", err=True)


def _counts(baseline: Baseline) -> str:
    return ", ".join(f"{name} ({len(runs)} seeds)" for name, runs in baseline.methods.items())


def _report(result: CheckResult, junit: Path | None, *, as_json: bool) -> None:
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
        except CheckError as error:  # its exit code would mean that something is worse
            raise InputError(str(error)) from error


def _show(result: CheckResult) -> None:
    from analysis.regression import verdict_table
    from benchmark.app.cli.console import show

    show(verdict_table(result))
