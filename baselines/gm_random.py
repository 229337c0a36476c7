"""GM's control: the same tree and the same gradients paid for, but groups drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from baselines.gm import Gm, SplittingOptions


@dataclass(frozen=True)
class GmRandomOptions(SplittingOptions):
    """Those of GM-NAS without ``partition``, which is random."""

    @property
    def draws_groups(self) -> bool:
        """Whether groups are drawn at random: always."""
        return True


class GmRandom(Gm):
    """GM-NAS with groups drawn at random [GM, arXiv 2203.15207, the ablation of the partition].

    Edges are matched and charged as by `Gm`, and the one with the best cut is split where that is
    asked for. So what tells the two apart is the choice of the groups alone, at one budget.
    """

    name: ClassVar[str] = "gm-random"
    Options = GmRandomOptions
