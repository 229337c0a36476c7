"""``--dry-run``: what runs would do and how long they would take, before anything is run."""

from collections.abc import Sequence

import click

from analysis.tables.text_table import TableCell, TextTable
from baselines.registry import method_class
from baselines.tree.schedule import Plan
from benchmark.app.cli.console import show
from benchmark.app.running.estimate import measure_steps, plan_seconds
from benchmark.app.workers.progress import clock_time
from benchmark.app.workers.reproducible import reproducible
from benchmark.budget import Spending
from benchmark.tasks.task import Task

ESTIMATE = "Estimated from a few steps measured here, on images of noise."


def show_plans(task: Task, methods: Sequence[str], seeds: int, device: str) -> None:
    """Print what each method would do, and how long it would take."""
    plans = {}
    for name in methods:
        method = method_class(name)(task.methods.get(name, {}))
        plan = method.plan(task, task.data.epoch_images)
        if plan is None:
            click.echo(f"{name} trains nothing and has no plan", err=True)
        else:
            plans[name] = plan
    if not plans:
        return
    show(plan_table(task, plans))
    with reproducible():
        costs = measure_steps(task, device)
    seconds = {name: plan_seconds(task, plan, costs) for name, plan in plans.items()}
    show(time_table(seconds, seeds, device))


def plan_table(task: Task, plans: dict[str, Plan]) -> TextTable:
    """Return what methods would do, a row for each level of supernets."""
    rows, groups = [], []
    for name, plan in plans.items():
        for number, level in enumerate(plan.levels):
            rows.append(
                (
                    TableCell(name if number == 0 else ""),
                    TableCell(f"{level.supernets:,}"),
                    TableCell(f"{level.epochs:,.4g}"),
                    TableCell(f"{level.steps:,}"),
                    TableCell(f"{level.images:,}"),
                    TableCell(f"{level.matching:,}"),
                )
            )
        rows.append(
            (
                TableCell("  in all"),
                TableCell(f"{sum(level.supernets for level in plan.levels):,}"),
                TableCell(f"{plan.supernet_epochs:,.4g}"),
                TableCell(f"{sum(level.steps for level in plan.levels):,}"),
                TableCell(f"{plan.budget - plan.parts[Spending.GRADIENT_MATCHING]:,}"),
                TableCell(f"{plan.parts[Spending.GRADIENT_MATCHING]:,}"),
            )
        )
        groups.append(len(plan.levels) + 1)
    kind = "one budget for all" if all(plan.equal for plan in plans.values()) else "UNEQUAL budgets"
    return TextTable(
        f"What a run would do: {task.preset}, base {task.search.base}, {kind}",
        ("Method", "Supernets", "Epochs\nof each", "Steps\nof all", "Images", "Matching\nimages"),
        tuple(rows),
        "The last row's epochs are those of all supernets together. Gradient matching at most: "
        "what it leaves of a given budget trains the leaves.",
        groups=tuple(groups),
    )


def time_table(seconds: dict[str, dict[str, float]], seeds: int, device: str) -> TextTable:
    """Return how long methods would take, one row per method."""
    parts = list(next(iter(seconds.values())))
    rows = [
        (
            TableCell(name),
            *(TableCell(clock_time(taken[part])) for part in parts),
            TableCell(clock_time(sum(taken.values()))),
            TableCell(clock_time(seeds * sum(taken.values()))),
        )
        for name, taken in seconds.items()
    ]
    header = ("Method", *(part.capitalize().replace(" ", "\n") for part in parts), "A run")
    return TextTable(
        f"How long it would take on {device}, one run at a time (h:min:s)",
        (*header, f"{seeds} seed" + ("s" if seeds > 1 else "")),
        tuple(rows),
        ESTIMATE,
    )
