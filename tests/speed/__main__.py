"""Measure how fast the suite is, and write ``results/speed.md``.

``python -m tests.speed`` measures everything, which takes half an hour on two idle cores;
``python -m tests.speed scoring-small steps`` measures two sections and keeps the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch

from tests.speed import chains, comparisons, growth, main_job
from tests.speed.page import Section, keep, write_page
from tests.speed.scales import FULL, QUICK, Effort


def sections(folder: Path) -> Mapping[str, Callable[[Effort], Section]]:
    """Return what can be measured, in the order of the page; figures go to the folder."""
    return {
        "scoring-small": comparisons.scoring_small,
        "scoring-papers": comparisons.scoring_papers,
        "scoring-macro": chains.scoring_macro,
        "steps": comparisons.steps,
        "matching-small": comparisons.matching_small,
        "matching-papers": comparisons.matching_papers,
        "stopping": comparisons.stopping,
        "start-up": main_job.start_up,
        "jobs": main_job.jobs,
        "building": main_job.building,
        "memory": main_job.memory,
        "profile": main_job.where_time_goes,
        "growth": partial(growth.growth, folder=folder),
    }


def main() -> None:
    """Measure what was asked for."""
    names = list(sections(Path()))
    parser = argparse.ArgumentParser("python -m tests.speed", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(names))
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of speed.md")
    parser.add_argument("--quick", action="store_true", help="little work, to see that it runs")
    options = parser.parse_args()
    unknown = sorted(set(options.sections) - set(names))
    if unknown:
        parser.error(f"no section {unknown[0]!r}: choose from {', '.join(names)}")
    torch.set_num_threads(1)
    folder = options.out / "speed"
    for name in options.sections or names:
        section = sections(folder)[name](QUICK if options.quick else FULL)
        keep(name, section, folder)
        for row in section.rows:
            print(f"{name}: {' | '.join(row)}", flush=True)
        write_page(names, folder, options.out / "speed.md")


if __name__ == "__main__":
    main()
