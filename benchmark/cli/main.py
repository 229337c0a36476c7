"""The commands, and how errors become one line and an exit code."""

from __future__ import annotations

import sys
from importlib import metadata

import click

from benchmark.cli.experiment import compare, run
from benchmark.cli.listing import list_group
from benchmark.cli.tables import tables_group
from benchmark.errors import CheckError, NasbenchError

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metadata.version("nasbench-suite"), prog_name="nasbench")
def cli() -> None:
    """Find out which weight-sharing NAS method ranks architectures best.

    Methods run on identical seeds and budgets; their scores for all 15,625 architectures of
    NAS-Bench-201 are held against a table of true accuracies.

    \b
    Examples:
      nasbench run --method gm --seeds 5
      nasbench compare --seeds 5
      nasbench list methods
    """


cli.add_command(run)
cli.add_command(compare)
cli.add_command(list_group)
cli.add_command(tables_group)


def main() -> None:
    """Run the command line; every expected error is one line on stderr."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 0
    except click.ClickException as error:
        code = _fail(error.format_message(), error.exit_code)
    except CheckError as error:
        code = _fail(str(error), FAILED)
    except NasbenchError as error:
        code = _fail(str(error), BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        code = _fail("interrupted; what is finished is kept, run the command again to go on", 130)
    except BrokenPipeError:
        code = _fail("the reader of the output went away", FAILED)
    sys.exit(code)


def _fail(message: str, code: int) -> int:
    click.echo(f"nasbench: {message}", err=True)
    return code
