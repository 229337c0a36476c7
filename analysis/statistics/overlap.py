"""Whether supernets saw the images that their truth was measured on.

Both take their images from one fixed order of a data set. A table built by this program records
which of them it was measured on, and a run record which of them trained its supernets and scored
architectures. An image used for both makes the ranking look better than it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.errors import InputError
from benchmark.records import RunRecord
from benchmark.records.unit import DEFAULT_BASE
from benchmark.truth import AccuracyKey, TruthTable

_SPLITS = {"valid": "validation", "test": "test"}


@dataclass(frozen=True)
class Overlap:
    """How the images of runs overlap with those of a truth."""

    runs: str  # data set of the runs
    truth: str  # data set that the table's architectures were trained on
    split: str  # the split that is the truth: ``valid`` or ``test``
    scoring: int = 0  # how many of the truth's images score architectures
    training: int = 0  # how many of them train supernets

    @property
    def text(self) -> str:
        """The overlap in words, empty where there is none."""
        counts = [("score", self.scoring), ("train", self.training)]
        found = [(verb, count) for verb, count in counts if count]
        if not found:
            return ""
        parts = " and ".join(
            f"{count:,} of {'those' if place else 'the images'} that {verb}"
            for place, (verb, count) in enumerate(found)
        )
        return f"{parts} are among the truth's {_SPLITS[self.split]} images"


def image_overlap(
    records: Iterable[RunRecord], table: TruthTable, key: AccuracyKey
) -> Overlap | None:
    """Return how the images of runs overlap with those that an accuracy was measured on.

    These are the largest counts over the runs; None where the table does not record its protocol,
    or no run its task in a form that this version reads.
    """
    if "protocol" not in table.protocol:
        return None
    from benchmark.images import record_of  # imports scikit-learn, which is slow
    from benchmark.tasks.protocol import described_protocol
    from benchmark.tasks.task import described_task

    found: Overlap | None = None
    for record in records:
        try:
            protocol = described_protocol(table.name, table.protocol["protocol"])
            task = described_task(record.method, record.task)
        except InputError:
            continue  # written by another version
        found = found or Overlap(task.data.dataset, protocol.data.dataset, key.split)
        if found.runs != found.truth or not record.budget.get("scored"):
            continue
        train, valid = task.data.split_indices(record_of(task.data).images)
        scoring = valid[: task.scoring.images]
        seen = set(train)
        if record.base not in (None, DEFAULT_BASE):  # all others train α on validation images
            seen |= set(valid if task.search.alpha_images == "all" else valid[len(scoring) :])
        truth = set(protocol.indices(key.split))
        found = Overlap(
            found.runs,
            found.truth,
            found.split,
            max(found.scoring, len(truth.intersection(scoring))),
            max(found.training, len(truth & seen)),
        )
    return found
