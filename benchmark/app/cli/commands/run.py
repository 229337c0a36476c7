"""``nasbench run``: methods at several seeds."""

from typing import Any

import click

from benchmark.app.cli.options import experiment_options


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

    Seeds whose records are in --out are not run again.

    \b
    Examples:
      nasbench run --method gm --seeds 5
      nasbench run --method one-shot --method gm --seeds 3,7 --preset ci
      nasbench run --method gm --base darts --seeds 2
      nasbench run --method gm --preset paper-rsps --dry-run
      nasbench run --method gm --set methods.gm.groups=[3]
      nasbench run --method few-shot --table accuracies.csv --accuracy cifar100_test_200
    """
    from benchmark.app.cli.experiment import run_experiment

    names = list(dict.fromkeys(methods))
    run_experiment(names, "-".join(names), **settings)
