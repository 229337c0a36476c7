"""How a table was built, as it is recorded in the table: enough to train it again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmark.errors import InputError
from benchmark.tasks.protocol import TrainingProtocol, described_protocol
from benchmark.truth import TruthTable

SOURCE_KIND = "trained"


@dataclass(frozen=True)
class BuildInfo:
    """How a table was built."""

    protocol: TrainingProtocol  # how architectures were trained
    seeds: tuple[int, ...]  # with which seeds
    code: int  # `baselines.standalone.TRAINING_VERSION` of the code that trained
    images: str  # SHA-256 of the images
    trainings: int  # number of trainings, one for each network and seed
    machines: tuple[Mapping[str, Any], ...]  # machines that trained, and their versions
    # Trainings that failed: ``code``, ``seed`` and ``fault`` of each. The table leaves their
    # networks out.
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


def read_build_info(table: TruthTable) -> BuildInfo:
    """Return how a table was built."""
    if table.source.kind != SOURCE_KIND:
        raise InputError(
            f"table {table.name!r} was not trained here: name one that nasbench tables build made"
        )
    info = table.protocol
    try:
        return BuildInfo(
            protocol=described_protocol(table.name, info["protocol"]),
            seeds=tuple(int(seed) for seed in info["seeds"]),
            code=info["code"],
            images=info["images"],
            trainings=int(info["trainings"]),
            machines=tuple(dict(machine) for machine in info["machines"]),
            failed=tuple(dict(one) for one in info["failed"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"table {table.name!r} does not say how it was trained: build it again"
        ) from error
