"""What ``nasbench run`` and ``nasbench compare`` share: from a task to tables and a figure."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from benchmark.app.cli.options import default_jobs, read_changes
from benchmark.app.cli.truth import open_truth, show_truth
from benchmark.app.running.shards import parse_shard
from benchmark.records.checkpoints import parse_interval
from benchmark.records.unit import DEFAULT_BASE
from benchmark.seeds import parse_seeds
from benchmark.tasks.task import load_preset


def run_experiment(
    methods: Sequence[str],
    name: str,
    *,
    seeds: str,
    preset: str,
    changes: tuple[str, ...],
    base: str | None,
    table: str | None,
    allow_subset: bool,
    accuracy: str | None,
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
    """Check all options, run what is missing, and print and write the comparison.

    The comparison's files are called ``name``; other arguments are those of `experiment_options`.
    """
    from baselines.registry import method_class

    for method in methods:
        method_class(method)  # checks the name
    chosen, task = parse_seeds(seeds), load_preset(preset).changed(read_changes(changes))
    task = task if base is None else task.with_base(base)
    if dry_run:
        from benchmark.app.cli.dry_run import show_plans
        from benchmark.app.running.devices import checked_device

        show_plans(task, methods, len(chosen), checked_device(device))
        return
    named = replace(
        task.truth, table=table or task.truth.table, accuracy=accuracy or task.truth.accuracy
    )
    # fails before the runs, not after
    truth, key = open_truth(named, allow_subset=allow_subset, space=task.search_space)

    # These import PyTorch.
    from benchmark.app.cli.comparison_files import show_comparison, write_comparison
    from benchmark.app.running.runner import run_units
    from benchmark.app.workers.backends import chosen_workers

    every, share = parse_interval(checkpoint_every), parse_shard(shard or "1/1")
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
    from benchmark.app.cli.console import show_reused

    show_reused(runs.reused, len(runs.records), "runs", "run", folder, runs.differences)
    if share[1] > 1:
        click.echo(
            f"{folder}: {len(runs.records)} runs of share {shard} are done; join the shares with "
            "nasbench merge"
        )
        return
    suffix = "" if task.search.base == DEFAULT_BASE else f"-{task.search.base}"
    show_truth(truth, key)
    comparison, files = write_comparison(runs.records, truth, key, folder, name + suffix)
    show_comparison(comparison, folder, files)
