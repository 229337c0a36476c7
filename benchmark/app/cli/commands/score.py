"""``nasbench score``: the ranking quality of predictions from any program."""

import click

from benchmark.app.cli.options import space_option, table_option
from benchmark.app.cli.truth import named_space, table_or_default

WIDE = 140  # characters in a line from which on all metrics fit


@click.command()
@click.argument("predictions", nargs=-1, required=True, metavar="PREDICTIONS...")
@table_option
@space_option
@click.option("--dataset", metavar="NAME", help="The accuracy's data set, such as cifar10.")
@click.option("--split", metavar="NAME", help="The accuracy's split: valid or test.")
@click.option("--epochs", type=click.IntRange(1), help="The accuracy's length of training.")
@click.option(
    "--subset",
    metavar="FILE",
    help="Compare these architectures only: one per line, or the column `arch` of a CSV file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a file and a line.")
def score(
    predictions: tuple[str, ...],
    table: str | None,
    space: str | None,
    dataset: str | None,
    split: str | None,
    epochs: int | None,
    subset: str | None,
    as_json: bool,
) -> None:
    """Measure how well scores of architectures rank them.

    A file of PREDICTIONS is CSV with the columns arch and score, or JSON from architectures to
    scores; a higher score means a better architecture. Of --dataset, --split and --epochs give
    those that distinguish the accuracies of the table.

    \b
    Examples:
      nasbench score mine.csv
      nasbench score one.csv two.json --table accuracies.csv --dataset cifar10 --split test
      nasbench score mine.csv --subset sample.txt --json
    """
    import json

    from analysis.metrics.scoring import score_predictions, score_warnings
    from benchmark.spaces.texts.lists import read_subset
    from benchmark.truth import open_table
    from benchmark.truth.key_choice import choose_key
    from benchmark.truth.predictions import read_predictions

    truth = open_table(table_or_default(table), allow_subset=True, space=named_space(space))
    key = choose_key(truth, dataset, split, epochs)
    codes = None if subset is None else read_subset(subset, truth.space)
    scores = [
        score_predictions(read_predictions(file, truth.space), truth, key, codes)
        for file in predictions
    ]
    for doubt in score_warnings(scores):
        click.echo(f"nasbench: warning: {doubt}", err=True)
    if as_json:
        for one in scores:
            click.echo(json.dumps(one.to_dict(), allow_nan=False))
        return
    from analysis.metrics.ranking import BRIEF, METRICS
    from analysis.tables import scores_table  # pandas is slow to import
    from benchmark.app.cli.console import page_width, show
    from benchmark.app.cli.truth import show_truth

    show_truth(truth, key)
    show(scores_table(scores, truth, metrics=tuple(METRICS) if page_width() >= WIDE else BRIEF))
