"""What a table that was built here tells of how it was made: enough to train it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmark.errors import InputError
from benchmark.tasks.protocol import TrainingProtocol, described_protocol
from benchmark.truth import TruthTable

SOURCE_KIND = "trained"


@dataclass(frozen=True)
class Told:
    """How a table was made.

    Attributes:
        protocol: How architectures were trained.
        seeds: With which seeds.
        code: `baselines.alone.CODE` of the code that trained; None where a table does not tell.
        images: SHA-256 of the images; None likewise.
        trainings: How many there were, one for each network and seed.
        machines: What trained, and with which versions.
        failed: Trainings that failed, whose networks are not in the table: ``code``, ``seed`` and
            ``fault`` of each.
    """

    protocol: TrainingProtocol
    seeds: tuple[int, ...]
    code: int | None
    images: str | None
    trainings: int
    machines: tuple[Mapping[str, Any], ...]
    failed: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "protocol": self.protocol.describe(),
            "code": self.code,
            "images": self.images,
            "networks": {self.protocol.data.dataset: asdict(self.protocol.scale)},
            "seeds": list(self.seeds),
            "trainings": self.trainings,
            "machines": [dict(machine) for machine in self.machines],
            "failed": [dict(one) for one in self.failed],
        }


def read_told(table: TruthTable) -> Told:
    """Return how a table was made.

    Raises:
        InputError: It was not built by training, or tells it in another way.
    """
    if table.source.kind != SOURCE_KIND:
        raise InputError(
            f"table {table.name!r} was not trained here: name one that nasbench tables build made"
        )
    told = table.protocol
    try:
        return Told(
            protocol=described_protocol(table.name, told["protocol"]),
            seeds=tuple(int(seed) for seed in told["seeds"]),
            code=told.get("code"),
            images=told.get("images"),
            trainings=int(told["trainings"]),
            machines=tuple(dict(machine) for machine in told["machines"]),
            failed=tuple(dict(one) for one in told.get("failed", [])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"table {table.name!r} does not tell how it was trained; build it again"
        ) from error
