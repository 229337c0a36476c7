"""``nasbench compare``: methods side by side."""

from typing import Any

import click

from benchmark.app.cli.options import experiment_options


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
    """Run methods at the same seeds and compare them.

    Zero-cost proxies take a minute or more per seed, gm-random (the control of gm) as long as gm:
    name them with --method to include them.

    \b
    Examples:
      nasbench compare --seeds 5
      nasbench compare --seeds 2 --preset ci --out runs/trial
      nasbench compare --method gm --method params --method az-nas
      nasbench compare --method one-shot --method gm --method gm-random
    """
    from baselines.registry import METHODS
    from benchmark.app.cli.experiment import run_experiment

    usual = [name for name, method in METHODS.items() if not method.expensive]
    run_experiment(list(dict.fromkeys(methods)) or usual, "comparison", **settings)
