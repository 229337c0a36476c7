"""What a table will hold: a protocol, architectures and seeds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.app.building.journal import TrainingKey
from benchmark.app.running.shards import share_of
from benchmark.spaces.base import Codes, Space
from benchmark.spaces.texts.lists import read_subset
from benchmark.tasks.protocol import TrainingProtocol


@dataclass(frozen=True, eq=False)
class BuildPlan:
    """What a table will hold."""

    protocol: TrainingProtocol  # how architectures are trained
    codes: Codes  # architectures [n], each once, in the order in which they are trained
    seeds: Sequence[int]

    @property
    def trainings(self) -> list[TrainingKey]:
        """One for each network and seed."""
        return self.share((1, 1))

    def share(self, shard: tuple[int, int]) -> list[TrainingKey]:
        """Return the trainings of every n-th network, at all seeds."""
        networks = list(dict.fromkeys(self.protocol.search_space.network(self.codes).tolist()))
        return [
            TrainingKey(code, seed) for code in share_of(networks, shard) for seed in self.seeds
        ]


def chosen_architectures(text: str, space: Space) -> Codes:
    """Return the codes [n] of a space that a text asks for, in the order in which they are trained.

    The text is ``all``, a number of architectures to draw, or a file that `read_subset` reads. A
    larger sample begins with the smaller one.
    """
    if text != "all" and not re.fullmatch(r"[0-9]+", text):
        return read_subset(text, space)
    return space.sample(len(space.all_codes()) if text == "all" else int(text[:9]))
