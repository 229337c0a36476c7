"""Benchmark files of our own making, with the structure of the official ones."""

from __future__ import annotations

import bz2
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmark.spaces.nb201 import all_strings

Record = dict[int, dict[str, Any]]
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}


def trial(run: str, string: str, seed: int, epochs: int, random: np.random.Generator) -> Any:
    """Return the state of one training, every number its own."""

    def curve(names: Sequence[Any], low: float, high: float) -> dict[Any, float]:
        return {name: float(random.uniform(low, high)) for name in names}

    evaluated = [f"{name}@{epoch}" for name in SETS[run] for epoch in range(epochs)]
    if epochs == 200 and run in ("cifar100", "ImageNet16-120"):  # as in the official files
        evaluated = [it for it in evaluated if it.startswith("ori") or it.endswith("@199")]
    # In 200 epochs some architectures have other parameters with some seeds, as in the files.
    size = 0.5 if epochs == 12 else float(random.choice([0.5, 0.75]))
    timed = [f"{name}@{epoch}" for name in SETS[run] for epoch in range(epochs)]
    return {
        "name": run,
        "train_acc1es": curve(range(epochs), 0, 100),
        "train_acc5es": None,
        "train_losses": curve(range(epochs), 0, 5),
        "train_times": OrderedDict(curve(range(epochs), 1, 9)),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": string, "class_num": 10},
        "params": np.float64(size),
        "flop": 100 * size,
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(random.uniform(0.01, 0.02))],
        "eval_names": list(SETS[run]),
        "eval_acc1es": curve(evaluated, 0, 100),
        "eval_times": curve(timed, 0, 3),
        "eval_losses": curve(evaluated, 0, 5),
        "net_state_dict": None,
    }


def make_record(
    index: int,
    string: str,
    *,
    seeds: Mapping[int, Sequence[int]],
    runs: Sequence[str] = tuple(SETS),
    random: np.random.Generator,
) -> Record:
    """Return the states of one architecture by number of epochs."""
    return {
        epochs: {
            "arch_index": index,
            "arch_str": string,
            "all_results": {
                (run, seed): trial(run, string, seed, epochs, random)
                for run in runs
                for seed in seeds[epochs]
            },
            "dataset_seed": {run: list(seeds[epochs]) for run in runs},
            "clear_net_done": True,
        }
        for epochs in (12, 200)
    }


def make_records(count: int, runs: Sequence[str] = tuple(SETS)) -> dict[int, Record]:
    """Return records by official number, with one to three seeds."""
    random = np.random.default_rng(0)
    strings = all_strings()
    return {
        index: make_record(
            index,
            strings[code],
            seeds={12: (111, 777), 200: (777, 888, 999)[: 1 + index % 3]},
            runs=runs,
            random=random,
        )
        for index, code in enumerate(random.permutation(len(strings))[:count].tolist())
    }


def listed(records: Mapping[int, Record]) -> list[str]:
    return [record[12]["arch_str"] for record in records.values()]


def write_pth(path: Path, records: Mapping[int, Record], **changes: Any) -> None:
    """Write what PyTorch's legacy format is made of."""
    content = {
        "meta_archs": listed(records),
        "arch2infos": {i: {"less": it[12], "full": it[200]} for i, it in records.items()},
        "evaluated_indexes": set(records),
    } | changes
    properties = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    with path.open("wb") as file:
        parts: tuple[object, ...] = (0x1950A86A20F9469CFC6C, 1001, properties, content, [])
        for part in parts:
            pickle.dump(part, file, protocol=2)


def write_nats(folder: Path, records: Mapping[int, Record]) -> None:
    """Write a folder as NATS-Bench's."""
    folder.mkdir()
    meta = {
        "meta_archs": listed(records),
        "total_archs": len(records),
        "arch2infos": None,
        "evaluated_indexes": set(records),
    }
    contents: dict[str, Any] = {"meta": meta}
    contents |= {
        f"{index:06d}": OrderedDict((str(epochs), block) for epochs, block in record.items())
        for index, record in records.items()
    }
    for name, content in contents.items():
        (folder / f"{name}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(content), 1))


class Call:
    """Pickles as a call of any function."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


@pytest.fixture(scope="session", autouse=True)
def _plain_memory() -> None:
    """Let Arrow allocate as needed: its own pool reserves 1 GB, more than `bounded` allows."""
    pa.set_memory_pool(pa.system_memory_pool())


@pytest.fixture(scope="session")
def records() -> dict[int, Record]:
    """Return the records of six architectures."""
    return make_records(6)


@pytest.fixture(scope="session")
def small_records() -> dict[int, Record]:
    """Return two records of CIFAR-10 alone, for tests that read them thousands of times."""
    return make_records(2, ("cifar10",))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder."""
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# Tests are no package, so what they share is handed to them by fixtures.
@pytest.fixture(name="write_pth", scope="session")
def _write_pth() -> Callable[..., None]:
    return write_pth


@pytest.fixture(name="write_nats", scope="session")
def _write_nats() -> Callable[..., None]:
    return write_nats


@pytest.fixture(name="call", scope="session")
def _call() -> type[Call]:
    return Call
