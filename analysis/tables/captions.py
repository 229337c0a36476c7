"""What captions say about a comparison: its truth, its runs, and how many architectures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.metrics.scoring import sample_warning
from analysis.statistics.overlap import Overlap, image_overlap
from analysis.tables.evaluation import comparable, scored_part
from benchmark.records import RunRecord
from benchmark.spaces.base import Space
from benchmark.truth import AccuracyKey, TruthTable

_DATASETS = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "imagenet": "ImageNet",
    "imagenet16-120": "ImageNet16-120",
    "fashion-mnist": "Fashion-MNIST",
}


@dataclass(frozen=True)
class ComparisonContext:
    """What a comparison was made of."""

    table: str  # name of the truth table
    description: str  # origin of its numbers
    key: AccuracyKey  # the accuracy
    truth_seeds: tuple[int, int] | None  # fewest and most trainings behind an accuracy
    space: Space  # the search space of all runs
    candidates: int  # architectures that each run scored
    architectures: int  # how many of them are compared
    preset: str  # name of the task
    batch_norm: str | None  # images whose statistics BatchNorm uses at scoring
    seeds: Mapping[str, tuple[int, ...]]  # of each method, ascending
    equal_budgets: bool = True  # whether all methods had the same budget
    images: Overlap | None = None  # how the runs' images overlap with the truth's, if known
    networks: int | None = None  # number of different networks, where the table trained each once

    @property
    def truth_line(self) -> str:
        """The truth: accuracy, table, number of trainings, and overlap of images."""
        line = f"Truth: {describe(self.key)}; table {self.table}: {self.description}"
        if self.truth_seeds is not None:
            low, high = self.truth_seeds
            line += f"; trainings behind each: {low if low == high else f'{low} to {high}'}"
        return f"{line}.{self._images()}"

    @property
    def size_line(self) -> str:
        """How many architectures are compared."""
        count = share_of_space(self.architectures, self.candidates, self.space)
        networks = f", {self.networks:,} different networks" if self.networks is not None else ""
        return f"Compared: {count}{networks}."

    @property
    def space_line(self) -> str:
        """The search space."""
        return f"Space: {self.space.title}, {self.space.description} ({self.space.source})."

    @property
    def runs_line(self) -> str:
        """The preset and seeds of the runs."""
        line = f"Runs: preset {self.preset}; seeds {self._seeds()}"
        if self.batch_norm is None:
            return f"{line}."
        return f"{line}; BatchNorm at scoring: statistics of {self.batch_norm} images."

    @property
    def warnings(self) -> list[str]:
        """Reasons for caution, one per line."""
        few = sample_warning(self.architectures)
        found = [f"Warning: {few}."] if few else []
        if not self.equal_budgets:
            found.append("Unequal budgets: every method spent what its published schedule costs.")
        return found

    def _images(self) -> str:
        if self.images is None:
            return ""
        runs, truth = (_DATASETS.get(name, name) for name in (self.images.runs, self.images.truth))
        if runs != truth:
            return f" The runs saw images of {runs}, the table's architectures those of {truth}."
        return f" Warning: {self.images.text}." if self.images.text else ""

    def _seeds(self) -> str:
        methods_of: dict[str, list[str]] = {}
        for method, seeds in self.seeds.items():
            methods_of.setdefault(ranges(seeds), []).append(method)
        if len(methods_of) == 1:
            return next(iter(methods_of))
        return " and ".join(f"{seeds} ({', '.join(names)})" for seeds, names in methods_of.items())


def comparison_context(
    records: Iterable[RunRecord], table: TruthTable, key: AccuracyKey
) -> ComparisonContext:
    """Return the context of a comparison; arguments and errors are those of `evaluate`."""
    runs = comparable(records)
    table = scored_part(table, runs)
    seeds: dict[str, list[int]] = {}
    for run in runs:
        seeds.setdefault(run.name, []).append(run.seed)
    counts = table.seeds.get(key)
    return ComparisonContext(
        table=table.name,
        description=table.description,
        key=key,
        truth_seeds=None if counts is None else (int(counts.min()), int(counts.max())),
        space=runs[0].space,
        candidates=len(runs[0].codes),
        architectures=len(table),
        networks=table.networks if table.protocol else None,
        preset=runs[0].task["preset"],
        equal_budgets=runs[0].task.get("training", {}).get("budget") != "schedule",
        batch_norm=runs[0].task.get("scoring", {}).get("batch_norm"),
        seeds={method: tuple(sorted(of_method)) for method, of_method in seeds.items()},
        images=image_overlap(runs, table, key),
    )


def share_of_space(number: int, candidates: int, space: Space) -> str:
    """Return how many architectures of a space, or of the candidates if it cannot be listed."""
    whole, what = candidates, "candidates"
    if space.is_enumerable:
        whole, what = space.size, "architectures"
    return f"all {whole:,} {what}" if number == whole else f"{number:,} of {whole:,} {what}"


def describe(key: AccuracyKey) -> str:
    """Return an accuracy in words, such as "validation accuracy, CIFAR-10, 12 epochs"."""
    split = "validation" if key.split == "valid" else key.split
    return f"{split} accuracy, {_DATASETS.get(key.dataset, key.dataset)}, {key.epochs} epochs"


def ranges(numbers: Sequence[int]) -> str:
    """Return ascending integers with neighbours joined."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return ", ".join(
        f"{group[0]}–{group[-1]}" if len(group) > 2 else ", ".join(map(str, group))
        for group in groups
    )
