"""One architecture of the official files: from its record to its results.

The package ``nas-bench-201`` interprets the record, as published results are what it returns. The
mapping to accuracies is that of its `get_more_info`: CIFAR-10 was trained twice, on half of the
training images (``cifar10-valid``, validated on the other half, ``x-valid``) and on all of them
(``cifar10``, tested on ``ori-test``); CIFAR-100 and ImageNet16-120 were trained once, validated on
one half of their test images (``x-valid``) and tested on the other (``x-test``).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.spaces.nb201 import from_string
from benchmark.truth.keys import RUNS, AccuracyKey, CostKey, column_name

EPOCHS = (12, 200)
_THEIR_RUN = {"imagenet16-120": "ImageNet16-120"}  # trainings that the files spell differently
_SETS = {  # training and evaluated set of images in the files: data set and split in a table
    ("cifar10-valid", "x-valid"): ("cifar10", "valid"),
    ("cifar10", "ori-test"): ("cifar10", "test"),
    ("cifar100", "x-valid"): ("cifar100", "valid"),
    ("cifar100", "x-test"): ("cifar100", "test"),
    ("imagenet16-120", "x-valid"): ("imagenet16-120", "valid"),
    ("imagenet16-120", "x-test"): ("imagenet16-120", "test"),
}
# With 200 epochs, CIFAR-100 and ImageNet16-120 were evaluated after each epoch on both halves.
_CURVE_SETS = {
    **_SETS,
    ("cifar100", "ori-test"): ("cifar100", "valid+test"),
    ("imagenet16-120", "ori-test"): ("imagenet16-120", "valid+test"),
}
MAX_SEEDS = 100
# Some architectures have wrong parameters and multiply-adds for some seeds, an error in the files.
# NATS-Bench's package then takes those of this seed, NAS-Bench-201's the mean.
_TRUSTED_SEED = 888

# There are hundreds of thousands of results: keys are made once.
_accuracy_key, _cost_key = cache(AccuracyKey), cache(CostKey)


@dataclass(frozen=True, slots=True)
class SeedResult:
    """Result of one seed: accuracy in percent, and cross-entropy."""

    accuracy: float
    loss: float


@dataclass(frozen=True, eq=False)
class ArchitectureResults:
    """The results of one architecture: of each seed, and what its trainings cost."""

    code: int
    index: int | None  # its number in the files, or None
    results: Mapping[AccuracyKey, Mapping[int, SeedResult]]  # by accuracy and seed
    costs: Mapping[CostKey, float]  # means over seeds; NaN if not measured
    curves: Mapping[str, NDArray[np.float32]]  # mean accuracy after each epoch


def read_record(
    index: int, record: Mapping[int, Any], *, curves: bool = False, nats: bool = False
) -> ArchitectureResults:
    """Read one architecture; numbers that the record lacks are omitted.

    ``record`` holds for each number of epochs the state of an ``ArchResults``, plain containers.
    With ``nats``, parameters that differ between seeds are resolved as NATS-Bench's package does.
    """
    results: dict[AccuracyKey, dict[int, SeedResult]] = {}
    costs: dict[CostKey, float] = {}
    found_curves: dict[str, NDArray[np.float32]] = {}
    strings = set()
    try:
        for epochs, state in record.items():
            block = _block(state)
            strings.add(block.arch_str)
            for run in RUNS:
                trials = _trials(block, run, epochs)
                if trials:
                    _add_results(results, trials, run, epochs)
                    _add_costs(costs, trials, run, epochs, nats)
                if trials and curves:
                    _add_curves(found_curves, list(trials.values()), run, epochs)
        if len(strings) != 1:
            raise InputError("its architectures for 12 and for 200 epochs differ")
        return ArchitectureResults(from_string(strings.pop()), index, results, costs, found_curves)
    except InputError as error:
        raise InputError(f"has an architecture {index} that is wrong: {error}") from error
    except Exception as error:  # the package can raise anything on an unexpected state
        kind = type(error).__name__
        raise InputError(
            f"has an architecture {index} whose record is not NAS-Bench-201's ({kind}: "
            f"{str(error)[:80]!r})"
        ) from error


def _block(state: object) -> Any:
    """Give a state to the package, after excluding strings: it would open them as files."""
    from nas_201_api import ArchResults  # imports PyTorch

    if not isinstance(state, dict) or not all(
        isinstance(trial, dict) for trial in state["all_results"].values()
    ):
        raise InputError("its state is no dictionary")
    return ArchResults.create_from_state_dict(state)


def _trials(block: Any, run: str, epochs: int) -> dict[int, Any]:
    """Return the package's result for each seed; none if the training was not done."""
    name = _THEIR_RUN.get(run, run)
    seeds = block.dataset_seed.get(name, [])
    if not isinstance(seeds, list) or len(seeds) > MAX_SEEDS or len(set(seeds)) < len(seeds):
        raise InputError(f"the seeds of {run} are no list of distinct seeds")
    trials = {int(seed): block.query(name, seed) for seed in seeds}
    for seed, trial in trials.items():
        if trial.epochs != epochs:
            raise InputError(f"{run} with seed {seed} was not trained for {epochs} epochs")
    return trials


def _add_results(
    results: dict[AccuracyKey, dict[int, SeedResult]], trials: dict[int, Any], run: str, epochs: int
) -> None:
    for (which, name), (dataset, split) in _SETS.items():
        if which == run and all(name in trial.get_eval_set() for trial in trials.values()):
            key = _accuracy_key(dataset, split, epochs)
            results[key] = {}
            for seed, trial in trials.items():
                found = trial.get_eval(name)
                accuracy = _number(found["accuracy"], f"{key}")
                if not 0 <= accuracy <= 100:  # also false for NaN
                    raise InputError(f"{key} is {accuracy}: it must be a percentage")
                results[key][seed] = SeedResult(
                    accuracy, _number(found["loss"], f"the loss of {key}")
                )


def _add_costs(
    costs: dict[CostKey, float], by_seed: dict[int, Any], run: str, epochs: int, nats: bool
) -> None:
    """Add means over seeds, as ``get_compute_costs`` of the packages does."""
    trials = list(by_seed.values())
    totals = [trial.get_train()["all_time"] for trial in trials]
    latencies = [trial.get_latency() for trial in trials]
    columns = {
        "seconds": [] if totals[0] is None else [total / epochs for total in totals],
        "latency": [latency for latency in latencies if latency > 0],
        "params": [trial.params for trial in trials],
        "flops": [trial.flop for trial in trials],
    }
    for quantity, values in columns.items():
        key = _cost_key(quantity, run, epochs)
        numbers = [_number(value, str(key)) for value in values]
        counted = nats and quantity in ("params", "flops") and _TRUSTED_SEED in by_seed
        if counted and len({f"{number:.5f}" for number in numbers}) > 1:
            numbers = [numbers[list(by_seed).index(_TRUSTED_SEED)]]
        costs[key] = float(np.mean(numbers)) if numbers else math.nan
        if costs[key] < 0:
            raise InputError(f"{key} is {costs[key]}: it must be 0 or more")


def _add_curves(
    curves: dict[str, NDArray[np.float32]], trials: list[Any], run: str, epochs: int
) -> None:
    for (which, name), (dataset, split) in _CURVE_SETS.items():
        keys = [f"{name}@{epoch}" for epoch in range(epochs)]
        accuracies = [trial.eval_acc1es for trial in trials]
        if which == run and all(key in known for known in accuracies for key in keys):
            values = [[_number(known[key], key) for key in keys] for known in accuracies]
            curves[column_name(dataset, split, epochs)] = np.mean(values, axis=0).astype(np.float32)


def _number(value: object, what: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InputError(f"{what} is a {type(value).__name__}, not a number")
    return float(value)
