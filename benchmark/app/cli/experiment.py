"""``nasbench run`` and ``nasbench compare``: from a task to tables and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmark.app.cli.changes import read_changes
from benchmark.app.cli.options import default_jobs, experiment_options


@click.command()
@click.option(
    "--method",
    "methods",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A method of `nasbench list methods`; may be given several times.",
)
@experiment_options
def run(methods: tuple[str, ...], **settings: Any) -> None:
    """Run a method at several seeds and measure how well it ranks.

    A seed that has been run before is taken from --out.

    \b
    Examples:
      nasbench run --method gm --seeds 5
      nasbench run --method one-shot --method gm --seeds 3,7 --preset ci
      nasbench run --method gm --base darts --seeds 2
      nasbench run --method gm --preset paper-rsps --dry-run
      nasbench run --method gm --set methods.gm.levels=1 --out runs/one-level
      nasbench run --method few-shot --table accuracies.csv --accuracy cifar100_test_200
    """
    names = list(dict.fromkeys(methods))
    _experiment(names, "-".join(names), **settings)


@click.command()
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME",
    help="A method to compare; may be given several times.  [default: all but gm-random and "
    "zero-cost proxies]",
)
@experiment_options
def compare(methods: tuple[str, ...], **settings: Any) -> None:
    """Run methods at the same seeds and budget and set them side by side.

    Zero-cost proxies take a minute or more a seed, and gm-random, the control of gm, as long as gm:
    name them with --method where they are wanted.

    \b
    Examples:
      nasbench compare --seeds 5
      nasbench compare --seeds 2 --preset ci --out runs/trial
      nasbench compare --method gm --method params --method az-nas
      nasbench compare --method one-shot --method gm --method gm-random
    """
    from baselines.registry import METHODS

    usual = [name for name, method in METHODS.items() if not method.expensive]
    _experiment(list(dict.fromkeys(methods)) or usual, "comparison", **settings)


def _experiment(
    methods: Sequence[str],
    name: str,
    *,
    seeds: str,
    preset: str,
    changes: tuple[str, ...],
    base: str | None,
    table: str,
    allow_subset: bool,
    accuracy: str,
    out: Path | None,
    jobs: int | None,
    backend: str | None,
    scheduler: str | None,
    shard: str | None,
    device: str,
    data: Path | None,
    dry_run: bool,
    checkpoint_every: str,
) -> None:
    """Check what was given, run what is missing, and report; files are named after ``name``."""
    from baselines.registry import method_class
    from benchmark.app.cli.report import report
    from benchmark.app.running.shards import parse_shard
    from benchmark.records.checkpoints import parse_every
    from benchmark.records.unit import DEFAULT_BASE
    from benchmark.seeds import parse_seeds
    from benchmark.tasks.task import load_preset
    from benchmark.truth import AccuracyKey, open_table

    for method in methods:
        method_class(method)
    chosen, task = parse_seeds(seeds), load_preset(preset).changed(read_changes(changes))
    task = task if base is None else task.with_base(base)
    if dry_run:
        from benchmark.app.cli.planning import show_plans
        from benchmark.app.running.devices import checked_device

        show_plans(task, methods, len(chosen), checked_device(device))
        return
    suffix = "" if task.search.base == DEFAULT_BASE else f"-{task.search.base}"
    truth, key = open_table(table, allow_subset=allow_subset), AccuracyKey.parse(accuracy)
    truth.accuracy(key)  # fails now rather than after the runs

    from benchmark.app.running.runner import run_units  # imports PyTorch
    from benchmark.app.workers.backends import chosen_workers

    every, share = parse_every(checkpoint_every), parse_shard(shard or "1/1")
    folder = out or Path("runs") / task.preset
    runs = run_units(
        task,
        methods,
        chosen,
        folder,
        device=device,
        workers=chosen_workers(jobs or default_jobs(device), backend, scheduler),
        shard=share,
        every=every,
        data=data,
    )
    if runs.reused:
        click.echo(f"{runs.reused} of {len(runs.records)} runs were found in {folder}", err=True)
    if runs.differences:
        click.echo(
            f"some of them were made with another {', '.join(runs.differences)}: run here again "
            "they may differ in their last digits",
            err=True,
        )
    if share[1] > 1:
        click.echo(
            f"{folder}: {len(runs.records)} runs of share {shard} are done; nasbench merge puts "
            "shares together"
        )
        return
    report(runs.records, truth, key, folder, name + suffix)
