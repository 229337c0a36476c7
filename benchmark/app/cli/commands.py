"""The commands, and how errors become one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import metadata

import click

from benchmark.app.cli.check import check
from benchmark.app.cli.experiment import compare, run
from benchmark.app.cli.listing import list_group
from benchmark.app.cli.merging import merge
from benchmark.app.cli.reporting import report
from benchmark.app.cli.score import score
from benchmark.app.cli.showing import show_group
from benchmark.app.cli.tables import tables_group
from benchmark.app.cli.verifying import rerun, verify
from benchmark.errors import CheckError, NasbenchError, readable

NAME = "nasbench"
FAILED, BAD_INPUT = 1, 2
LONGEST = 2_000  # signs of a message


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metadata.version("nasbench-suite"), prog_name=NAME)
def cli() -> None:
    """Find out which weight-sharing NAS method ranks architectures best.

    Methods run on identical seeds and budgets; their scores for all 15,625 architectures of
    NAS-Bench-201 are held against a table of true accuracies.

    \b
    Examples:
      nasbench run --method gm --seeds 5
      nasbench compare --seeds 5
      nasbench score predictions.csv
      nasbench report runs/laptop
      nasbench check runs/ci --against results/baselines/ci.json
      nasbench verify runs/laptop
      nasbench list methods
    """


cli.add_command(run)
cli.add_command(compare)
cli.add_command(score)
cli.add_command(report)
cli.add_command(check)
cli.add_command(verify)
cli.add_command(rerun)
cli.add_command(merge)
cli.add_command(list_group)
cli.add_command(show_group)
cli.add_command(tables_group)


def run_command_line() -> int:
    """Run what the process was called with; every expected error is one line on stderr.

    Returns:
        The exit code: 0, 1 where what was asked for failed, 2 where it could not be understood.

    Raises:
        KeyboardInterrupt: The user wants it to end.
    """
    call: Callable[..., object] = partial(cli.main, prog_name=NAME, standalone_mode=False)
    try:
        code = call()
    except click.exceptions.NoArgsIsHelpError:
        code = call([*sys.argv[1:], "--help"])
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except CheckError as error:
        return _fail(str(error), FAILED)
    except NasbenchError as error:
        return _fail(str(error), BAD_INPUT)
    except OSError as error:  # a full disk, say
        return _fail(f"the system refused: {error}", FAILED)
    except click.Abort as error:  # click's own word for Ctrl-C
        raise (error.__cause__ or KeyboardInterrupt()) from None
    return code if isinstance(code, int) else 0  # what a command exits with, or returns


def _fail(message: str, code: int) -> int:
    click.echo(f"{NAME}: {one_line(message)}", err=True)
    return code


def one_line(message: str) -> str:
    r"""Return a message as one line of readable signs, whatever a file put into it.

    Example:
        >>> one_line("run 'a\nb\x1b[31m'")
        "run 'a b?[31m'"
    """
    if len(message) > LONGEST:
        message = f"{message[: LONGEST // 2]} … {message[-LONGEST // 2 :]}"
    return readable(message)
