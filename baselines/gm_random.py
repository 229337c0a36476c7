"""The control of GM-NAS: the same tree at the same cost, but groups drawn at random."""

from dataclasses import dataclass
from typing import ClassVar

from baselines.gm import Gm
from baselines.splitting import SplittingOptions


@dataclass(frozen=True)
class GmRandomOptions(SplittingOptions):
    """Those of GM-NAS without ``partition``, which is random."""

    @property
    def draws_groups(self) -> bool:
        """Whether groups are drawn at random: always."""
        return True


class GmRandom(Gm):
    """GM-NAS with groups drawn at random [GM, arXiv 2203.15207, the ablation of the partition].

    Decisions are matched and charged as by `Gm`, and by default the one with the best cut is split.
    So at one budget the two differ in the choice of groups alone.
    """

    name: ClassVar[str] = "gm-random"
    Options = GmRandomOptions
