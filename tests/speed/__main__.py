"""Measure how fast the suite is, and write ``results/speed.md``.

``python -m tests.speed`` measures everything, which takes half an hour on two idle cores;
``python -m tests.speed scoring-small steps`` measures two sections and keeps the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from tests.speed import comparisons
from tests.speed.page import Section, keep, write_page

SECTIONS: Mapping[str, Callable[[], Section]] = {
    "scoring-small": comparisons.scoring_small,
    "scoring-papers": comparisons.scoring_papers,
    "steps": comparisons.steps,
    "matching-small": comparisons.matching_small,
    "matching-papers": comparisons.matching_papers,
}


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.speed", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of speed.md")
    options = parser.parse_args()
    unknown = sorted(set(options.sections) - set(SECTIONS))
    if unknown:
        parser.error(f"no section {unknown[0]!r}: choose from {', '.join(SECTIONS)}")
    torch.set_num_threads(1)
    for name in options.sections or SECTIONS:
        section = SECTIONS[name]()
        keep(name, section, options.out / "speed")
        for row in section.rows:
            print(f"{name}: {' | '.join(row)}", flush=True)
        write_page(list(SECTIONS), options.out / "speed", options.out / "speed.md")


if __name__ == "__main__":
    main()
