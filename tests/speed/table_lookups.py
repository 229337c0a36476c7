"""Print how fast tables are looked up, compared with nas-bench-201 and nats-bench.

``python -m tests.speed.table_lookups`` makes synthetic files; ``--pth FILE --nats FOLDER`` names
the official ones.
"""

from __future__ import annotations

import argparse
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.spaces.nb201 import SIZE, to_string
from benchmark.spaces.registry import open_space
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.importing import import_table
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.measurements import BySeed, Measurements
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.table import TruthTable
from tests.unit.benchmark.truth.conftest import make_records, write_nats, write_pth

NB201 = open_space("nb201")

KEY = AccuracyKey("cifar10", "test", 200)


def seconds(function: Callable[[], object], repeats: int) -> float:
    """Return the shortest time of some calls after a first one."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def once(function: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return function(), time.perf_counter() - start


def made_files(folder: Path, count: int) -> tuple[Path, Path]:
    """Write synthetic files of both packages with as many architectures."""
    records = make_records(count)
    write_pth(folder / "a.pth", records)
    write_nats(folder / "nats", records)
    return folder / "a.pth", folder / "nats"


def whole(table: TruthTable) -> TruthTable:
    """Return a table of the whole space that repeats the numbers of a smaller one."""

    def repeated(columns: Any) -> Any:
        return {key: np.resize(column, SIZE) for key, column in columns.items()}

    measured = table.measurements
    return TruthTable(
        name="whole",
        description=table.description,
        source=table.source,
        codes=np.arange(SIZE),
        accuracies=repeated(table.accuracies),
        seeds=repeated(table.seeds),
        official_index=np.arange(SIZE, dtype=np.int32),
        measurements=Measurements(
            repeated(measured.deviations),
            repeated(measured.losses),
            repeated(measured.costs),
            by_seed={
                key: BySeed(
                    single.seeds,
                    np.resize(single.accuracies, (SIZE, len(single.seeds))),
                    np.resize(single.losses, (SIZE, len(single.seeds))),
                )
                for key, single in measured.by_seed.items()
            },
        ),
        space=NB201,
    )


def nas_bench_201(path: Path) -> Any:
    from nas_201_api import NASBench201API

    with path.open("rb") as file:
        for _ in range(3):
            pickle.load(file)
        return NASBench201API(pickle.load(file), verbose=False)


def show(what: str, time_taken: float) -> None:
    unit, factor = (
        ("s", 1) if time_taken >= 1 else ("ms", 1e3) if time_taken >= 1e-3 else ("µs", 1e6)
    )
    print(f"{what:62} {time_taken * factor:9.3g} {unit}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pth", type=Path, help="NAS-Bench-201-v1_*.pth")
    parser.add_argument("--nats", type=Path, help="the folder NATS-tss-*-simple")
    parser.add_argument("--archs", type=int, default=100, help="of the files that are made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["NASBENCH_CACHE"] = str(folder / "cache")
        made: tuple[Path | None, Path | None] = (None, None)
        if options.pth is None or options.nats is None:
            made = made_files(folder, options.archs)
        pth, nats = options.pth or made[0], options.nats or made[1]
        assert pth is not None
        assert nats is not None
        imported = import_table(pth, ImportOptions(name="pth"))
        print(f"{len(imported.table):,} architectures in the files of both packages")
        write_table(whole(imported.table), folder / "whole.nbtable")
        size = (folder / "whole.nbtable").stat().st_size / 1e6
        show(
            f"open a table of 15,625, {size:.1f} MB",
            seconds(lambda: read_table(folder / "whole.nbtable"), 9),
        )
        table = read_table(folder / "whole.nbtable")
        codes = np.random.default_rng(0).permutation(SIZE)
        arch = to_string(SIZE // 2)
        show("look up 15,625 accuracies by code", seconds(lambda: table.accuracy(KEY, codes), 99))
        show("look up one by code", seconds(lambda: table.accuracy(KEY, 5), 999))
        show("look up one by string", seconds(lambda: table.accuracy(KEY, arch), 999))

        index = int(imported.table.official_index[0])  # type: ignore[index]
        api, taken = once(lambda: nas_bench_201(pth))
        show(f"nas-bench-201: open {pth.stat().st_size / 1e6:.0f} MB", taken)
        ask = {"hp": "200", "is_random": False}
        show(
            "nas-bench-201: one accuracy (get_more_info)",
            seconds(lambda: api.get_more_info(index, "cifar10", **ask), 99),
        )
        try:
            from nats_bench import create
        except ImportError:
            sys.exit("nats-bench is not installed: pip install nats-bench")
        api, taken = once(lambda: create(str(nats), "tss", fast_mode=True, verbose=False))
        show("nats-bench: open the folder", taken)
        _, taken = once(lambda: api.get_more_info(index, "cifar10", **ask))
        show("nats-bench: one accuracy, the first touch of an architecture", taken)
        show(
            "nats-bench: one accuracy after that",
            seconds(lambda: api.get_more_info(index, "cifar10", **ask), 99),
        )


if __name__ == "__main__":
    main()
