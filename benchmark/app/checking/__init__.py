"""Whether records are what they claim to be: by their own sums, and by running them again."""

from benchmark.app.checking.comparison import TableChoice
from benchmark.app.checking.findings import Checks, Finding
from benchmark.app.checking.folder import verify_folder
from benchmark.app.checking.rerun import Rerun, Sameness, compare, rerun

__all__ = [
    "Checks",
    "Finding",
    "Rerun",
    "Sameness",
    "TableChoice",
    "compare",
    "rerun",
    "verify_folder",
]
