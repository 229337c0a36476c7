"""Whether records are what they claim to be: by their own sums, and by running them again."""

from benchmark.verification.comparison import TableChoice
from benchmark.verification.findings import Checks, Finding
from benchmark.verification.folder import verify_folder
from benchmark.verification.rerun import Rerun, Sameness, compare, rerun

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
