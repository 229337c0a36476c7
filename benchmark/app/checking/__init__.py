"""Whether records and built tables are intact, and whether running them again gives the same."""

from benchmark.app.checking.checks import Checks
from benchmark.app.checking.comparison import TableChoice
from benchmark.app.checking.folder import verify_folder
from benchmark.app.checking.rerun import Rerun, Sameness, compare, rerun

__all__ = ["Checks", "Rerun", "Sameness", "TableChoice", "compare", "rerun", "verify_folder"]
