"""The command ``nasbench``, and how errors become one line and an exit code."""

import sys
from collections.abc import Callable
from functools import partial
from importlib import metadata

import click

from benchmark.app.cli.commands.check import check
from benchmark.app.cli.commands.compare import compare
from benchmark.app.cli.commands.list import list_
from benchmark.app.cli.commands.merge import merge
from benchmark.app.cli.commands.report import report
from benchmark.app.cli.commands.rerun import rerun
from benchmark.app.cli.commands.run import run
from benchmark.app.cli.commands.score import score
from benchmark.app.cli.commands.show import show_group
from benchmark.app.cli.commands.tables.group import tables_group
from benchmark.app.cli.commands.verify import verify
from benchmark.errors import CheckError, NasbenchError, readable

NAME = "nasbench"
FAILED, BAD_INPUT = 1, 2
LONGEST = 2_000  # characters of a message


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metadata.version("nasbench-suite"), prog_name=NAME)
def cli() -> None:
    """Find out which weight-sharing NAS method ranks architectures best.

    Methods run on identical seeds and budgets; their scores of a search space's architectures are
    compared with a table of true accuracies.

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


for command in (
    run, compare, score, report, check, verify, rerun, merge, list_, show_group, tables_group,
):  # fmt: skip
    cli.add_command(command)


def run_command_line() -> int:
    """Run the command of `sys.argv`; every expected error is one line on stderr.

    The exit code is 0, 1 if a check or a run failed, 2 for bad input.
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
    except OSError as error:  # such as a full disk
        return _fail(f"the system refused: {error}", FAILED)
    except click.Abort as error:  # click's form of Ctrl-C
        raise (error.__cause__ or KeyboardInterrupt()) from None
    return code if isinstance(code, int) else 0  # a command's exit code, or what it returned


def _fail(message: str, code: int) -> int:
    click.echo(f"{NAME}: {shortened_line(message)}", err=True)
    return code


def shortened_line(message: str) -> str:
    r"""Return a message as one line of printable characters, shortened if it is long.

    Example:
        >>> shortened_line("run 'a\nb\x1b[31m'")
        "run 'a b?[31m'"
    """
    if len(message) > LONGEST:
        message = f"{message[: LONGEST // 2]} … {message[-LONGEST // 2 :]}"
    return readable(message)
