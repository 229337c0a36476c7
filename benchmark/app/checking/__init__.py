"""Whether records and built tables are intact, and whether running them again gives the same."""

from benchmark.app.checking.checks import Checks
from benchmark.app.checking.comparison_checks import TableChoice
from benchmark.app.checking.folder_checks import verify_folder
from benchmark.app.checking.rerun import RerunOutcome, compare, rerun

__all__ = ["Checks", "RerunOutcome", "TableChoice", "compare", "rerun", "verify_folder"]
