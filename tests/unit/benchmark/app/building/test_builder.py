from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from baselines.standalone import TRAINING_VERSION, TrainingResult
from baselines.standalone.images import read_parts
from benchmark.app.building import (
    BuildPlan,
    BuildResult,
    build_table,
    builder,
    chosen_architectures,
    training,
)
from benchmark.app.building.journal import JOURNAL, TrainingKey, read_journal
from benchmark.app.workers.loky import WorkerDiedError
from benchmark.app.workers.stopping import ask_to_stop
from benchmark.errors import CheckError, DivergedError, InputError, StoppedError
from benchmark.images import Images, data_folder
from benchmark.records.provenance import provenance
from benchmark.spaces.nb201 import live_codes, network_codes
from benchmark.spaces.nb201.complexity import NetworkScale, multiply_adds, parameters
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import TrainingProtocol, described_protocol
from benchmark.truth import AccuracyKey, CostKey, TruthTable
from benchmark.truth.curves import read_curves
from benchmark.truth.files.nbtable import read_table
from benchmark.truth.table_from_results import formula_differences
from tests.stub_cluster import StubCluster
from tests.stub_training import stub_training

NB201 = open_space("nb201")
VALID, TEST = AccuracyKey("digits", "valid", 1), AccuracyKey("digits", "test", 1)
Train = Callable[..., TrainingResult]


def invent(code: int, seed: int, *_: Any) -> TrainingResult:
    """Invent the result of a training."""
    valid, test = np.random.default_rng([code, seed]).uniform(size=2).tolist()
    percent = {"valid": 100 * valid, "test": 100 * test}
    curve = {split: [0.0, value] for split, value in percent.items()}
    return TrainingResult(percent, {"valid": valid, "test": test}, curve, 2.0)


@pytest.fixture(autouse=True)
def invented(monkeypatch: pytest.MonkeyPatch) -> list[TrainingKey]:
    """Invent results instead of training; return the trainings asked for."""
    return stub_training(monkeypatch, invent)


def plan(protocol: TrainingProtocol, count: int = 40, seeds: int = 3) -> BuildPlan:
    return BuildPlan(protocol, chosen_architectures("all", NB201)[:count], range(seeds))


def table_of(built: BuildResult) -> TruthTable:
    assert built.path is not None
    return read_table(built.path)


def test_every_network_is_trained_once(
    protocol: TrainingProtocol, invented: list[TrainingKey], tmp_path: Path
) -> None:
    built = build_table(plan(protocol, 300, 1), tmp_path, "t")
    networks = np.unique(network_codes(chosen_architectures("300", NB201)))
    assert sorted(one.code for one in invented) == networks.tolist()
    assert len(networks) < 260
    table = table_of(built)
    assert (len(table), table.networks) == (300, len(networks))
    assert table.description.startswith(
        f"300 architectures, {len(networks)} different networks, trained alone on digits with 1"
    )
    journal = read_journal(tmp_path)
    for code in table.codes.tolist():
        trained = journal.trained[TrainingKey(int(network_codes([code])[0]), 0)]
        assert table.accuracy(TEST, code) == trained.accuracy["test"]


def test_a_table_of_another_space(
    protocol: TrainingProtocol, invented: list[TrainingKey], tmp_path: Path
) -> None:
    macro = open_space("macro")
    network = {"stem": 4, "widths": [4, 8, 8], "strides": [1, 2, 2], "head": 16}
    values = {**protocol.describe(), "space": "macro", "network": network}
    other = described_protocol("mine", values)
    codes = chosen_architectures("300", macro)
    table = table_of(build_table(BuildPlan(other, codes, range(2)), tmp_path, "t"))
    assert table.space is macro
    assert table.codes.tolist() == sorted(codes.tolist())
    networks = set(macro.network(codes).tolist())
    assert sorted(invented) == sorted(TrainingKey(one, s) for one in networks for s in range(2))
    assert table.networks == len(networks) < 300
    journal = read_journal(tmp_path)
    for code in table.codes.tolist():
        own = int(macro.network(code))
        trained = [journal.trained[TrainingKey(own, seed)].accuracy["test"] for seed in range(2)]
        assert table.accuracy(TEST, macro.format(code)) == pytest.approx(np.mean(trained))
    costs = table.measurements.costs
    for name, count in {"params": macro.parameters, "flops": macro.multiply_adds}.items():
        expected = count(table.codes, other.scale) / 1e6
        assert np.array_equal(costs[CostKey(name, "digits", 1)], expected)
    assert formula_differences(table) == []


def test_the_columns_are_plain_statistics(protocol: TrainingProtocol, tmp_path: Path) -> None:
    built = build_table(plan(protocol), tmp_path, "t")
    table, journal = table_of(built), read_journal(tmp_path)
    networks = network_codes(table.codes).tolist()
    rows = np.array(
        [
            [journal.trained[TrainingKey(one, s)].accuracy["test"] for s in range(3)]
            for one in networks
        ]
    )
    measured = table.measurements
    assert np.allclose(table.accuracy(TEST), rows.mean(1))
    assert np.allclose(measured.deviations[TEST], rows.std(1, ddof=1))
    assert set(table.seeds[TEST].tolist()) == {3}
    pairs = [(0, 1), (0, 2), (1, 2)]
    taus = [stats.kendalltau(rows[:, one], rows[:, other]).statistic for one, other in pairs]
    rhos = [stats.spearmanr(rows[:, one], rows[:, other]).statistic for one, other in pairs]
    assert measured.agreement[TEST].tau == pytest.approx(np.mean(taus))
    assert measured.agreement[TEST].rho == pytest.approx(np.mean(rhos))
    assert isinstance(protocol.scale, NetworkScale)
    sizes = {"params": parameters, "flops": multiply_adds}
    for name, count in sizes.items():
        expected = count(table.codes, protocol.scale) / 1e6
        assert np.array_equal(measured.costs[CostKey(name, "digits", 1)], expected)
    assert set(measured.costs[CostKey("seconds", "digits", 1)].tolist()) == {2.0}
    assert formula_differences(table) == []
    assert built.curves is not None
    ends = read_curves(built.curves).columns[str(TEST)][:, -1]
    assert np.allclose(ends, table.accuracy(TEST))


def test_the_table_holds_the_result_of_each_seed(
    protocol: TrainingProtocol, tmp_path: Path
) -> None:
    built = build_table(plan(protocol), tmp_path, "t")
    table, journal = table_of(built), read_journal(tmp_path)
    assert built.curves is not None
    curves = read_curves(built.curves)
    for key, split in ((VALID, "valid"), (TEST, "test")):
        found = table.measurements.by_seed[key]
        assert found.seeds == (0, 1, 2)
        for row, code in enumerate(network_codes(table.codes).tolist()):
            for seed in found.seeds:
                trained = journal.trained[TrainingKey(code, seed)]
                assert found.accuracies[row, seed] == trained.accuracy[split]
                assert found.losses[row, seed] == trained.loss[split]
                curve = curves.columns[f"{key} seed {seed}"][row]
                assert curve.tolist() == np.array(trained.curve[split], np.float32).tolist()


def test_a_table_records_how_it_was_built(protocol: TrainingProtocol, tmp_path: Path) -> None:
    info = table_of(build_table(plan(protocol), tmp_path, "t")).protocol
    assert info["protocol"] == protocol.describe()
    assert info["seeds"] == [0, 1, 2]
    assert info["code"] == TRAINING_VERSION
    assert info["images"] == read_parts(protocol, data_folder(), "cpu").digest()
    (machine,) = info["machines"]
    assert machine["libraries"]["torch"]
    assert "command" not in machine


def test_a_larger_table_reuses_trainings(
    protocol: TrainingProtocol, invented: list[TrainingKey], tmp_path: Path
) -> None:
    small = table_of(build_table(plan(protocol, 20, 2), tmp_path, "t"))
    invented.clear()
    built = build_table(plan(protocol, 40, 3), tmp_path, "t")
    assert built.reused == len(plan(protocol, 20, 2).trainings)
    assert len(invented) == built.trainings - built.reused
    assert set(small.codes) < set(table_of(built).codes)


@pytest.mark.parametrize(("count", "seeds"), [(20, 2), (40, 1), (41, 1)])
def test_a_larger_table_is_not_overwritten(
    protocol: TrainingProtocol, invented: list[TrainingKey], tmp_path: Path, count: int, seeds: int
) -> None:
    build_table(plan(protocol, 40, 2), tmp_path, "t")
    before = (tmp_path / "t.nbtable").read_bytes()
    invented.clear()
    message = (
        rf"t\.nbtable holds 40 architectures at 2 seeds, and a table of {count} at {seeds} would "
        "lack some of them: give another --name"
    )
    with pytest.raises(InputError, match=message):
        build_table(plan(protocol, count, seeds), tmp_path, "t")
    assert invented == []
    assert (tmp_path / "t.nbtable").read_bytes() == before
    assert len(table_of(build_table(plan(protocol, count, seeds), tmp_path, "u"))) == count


def test_a_damaged_table_is_written_again(protocol: TrainingProtocol, tmp_path: Path) -> None:
    build_table(plan(protocol, 40, 2), tmp_path, "t")
    (tmp_path / "t.nbtable").write_bytes(b"damaged")
    assert len(table_of(build_table(plan(protocol, 20, 1), tmp_path, "t"))) == 20


def test_trainings_by_other_code_are_refused(
    protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build_table(plan(protocol), tmp_path, "t")
    monkeypatch.setattr(builder, "TRAINING_VERSION", TRAINING_VERSION + 1)
    with pytest.raises(
        InputError,
        match=rf"their code is {TRAINING_VERSION}, not {TRAINING_VERSION + 1}\); give another",
    ):
        build_table(plan(protocol), tmp_path, "t")


def test_trainings_on_other_images_are_refused(
    protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build_table(plan(protocol), tmp_path, "t")
    parts = read_parts(protocol, data_folder(), "cpu")
    pixels = parts.valid.pixels.clone()
    pixels[-1, 0, 0, 0] += 1
    other = parts._replace(valid=Images(pixels, parts.valid.labels))
    monkeypatch.setattr(builder, "read_parts", lambda *_: other)
    with pytest.raises(InputError, match="their images is '"):
        build_table(plan(protocol), tmp_path, "t")


def test_other_machines_and_versions_are_named(
    protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert build_table(plan(protocol, 10), tmp_path, "t").differing == ()
    assert build_table(plan(protocol, 10), tmp_path, "t").differing == ()
    here = provenance("cpu")
    for name, value in (("cpu", "another"), ("commit", "another")):
        changed = here | {name: value}
        monkeypatch.setattr(builder, "provenance", lambda _, changed=changed: changed)
        assert build_table(plan(protocol, 10), tmp_path, "t").differing == (name,)
        assert build_table(plan(protocol, 10), tmp_path / name, "t").differing == ()


def test_trainings_of_an_unknown_machine_are_done_again(
    protocol: TrainingProtocol, invented: list[TrainingKey], tmp_path: Path
) -> None:
    whole = build_table(plan(protocol, 10), tmp_path, "t")
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"facts"', b'"fact"', 1))
    invented.clear()
    again = build_table(plan(protocol, 10), tmp_path, "t")
    assert (again.reused, again.damaged) == (0, 1 + whole.trainings)
    assert sorted(invented) == sorted(plan(protocol, 10).trainings)
    assert table_of(again).source.sha256 == table_of(whole).source.sha256


def test_shards_together_are_the_whole(
    protocol: TrainingProtocol, invented: list[TrainingKey], tmp_path: Path
) -> None:
    done = [
        build_table(plan(protocol), tmp_path / str(place), "t", shard=(place, 3))
        for place in (1, 2, 3)
    ]
    assert sorted(invented) == sorted(plan(protocol).trainings)
    assert all(one.table is None for one in done)
    assert sum(one.trainings for one in done) == len(invented)
    assert [one.missing for one in done] == [len(invented) - one.trainings for one in done]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_shard_has_all_seeds_of_its_networks(protocol: TrainingProtocol, count: int) -> None:
    whole = plan(protocol)
    shares = [whole.share((place, count)) for place in range(1, count + 1)]
    networks = [{one.code for one in share} for share in shares]
    for share, codes in zip(shares, networks, strict=True):
        assert sorted(share) == sorted(TrainingKey(code, s) for code in codes for s in whole.seeds)
    sizes = [len(codes) for codes in networks]
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == len(set.union(*networks))


def test_a_signal_stops_the_training_under_way(
    protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = plan(protocol, 5)
    started: list[TrainingKey] = []

    def train(
        code: int,
        seed: int,
        _: TrainingProtocol,
        folder: Path,
        device: str,
        progress: Callable[[float], None],
    ) -> TrainingResult:
        started.append(TrainingKey(code, seed))
        if len(started) == 4:
            ask_to_stop(signal.SIGTERM)
            time.sleep(0.11)  # a worker checks ten times a second
            progress(0.5)
            raise AssertionError("it was not stopped")
        return invent(code, seed)

    monkeypatch.setattr(training, "train_standalone", train)
    with pytest.raises(StoppedError) as stopped:
        build_table(whole, tmp_path, "t")
    assert stopped.value.number == signal.SIGTERM
    assert started == whole.trainings[:4]
    assert list(read_journal(tmp_path).trained) == started[:3]


@pytest.mark.parametrize("kind", [CheckError, ValueError, KeyError])
def test_a_training_that_fails_leaves_the_others(
    protocol: TrainingProtocol,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: type[Exception],
) -> None:
    train = invent
    failing = plan(protocol).trainings[4]

    def fail(code: int, seed: int, *more: Any) -> TrainingResult:
        if TrainingKey(code, seed) == failing:
            raise kind("the training loss is inf")
        return train(code, seed, *more)

    monkeypatch.setattr(training, "train_standalone", fail)
    message = f"1 of .* failed, .* architecture {failing.code} at seed .*: .*the training loss is "
    with pytest.raises(CheckError, match=message):
        build_table(plan(protocol), tmp_path, "t")
    assert len(read_journal(tmp_path).trained) == len(plan(protocol).trainings) - 1
    monkeypatch.setattr(training, "train_standalone", train)
    assert build_table(plan(protocol), tmp_path, "t").missing == 0


def diverge(monkeypatch: pytest.MonkeyPatch, codes: set[int], seed: int = 1) -> None:
    """Let some networks diverge at a seed."""

    def train(code: int, its_seed: int, *_: Any) -> TrainingResult:
        if code in codes and its_seed == seed:
            raise DivergedError("the training loss is nan")
        return invent(code, its_seed)

    monkeypatch.setattr(training, "train_standalone", train)


def test_few_networks_that_diverge_are_left_out(
    protocol: TrainingProtocol,
    invented: list[TrainingKey],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    whole = plan(protocol, 300, 2)
    networks = network_codes(whole.codes)
    failing = int(np.bincount(networks).argmax())  # several architectures are this network
    with monkeypatch.context() as patch:
        diverge(patch, {failing})
        built = build_table(whole, tmp_path, "t")
    lost = int((networks == failing).sum())
    assert lost > 1
    assert built.notes == (
        f"left out: 1 of {len(np.unique(networks))} networks, {lost} of 300 architectures, as a "
        f"training failed: architecture {failing} at seed 1: the training loss is nan",
    )
    table = table_of(built)
    assert table.codes.tolist() == sorted(whole.codes[networks != failing].tolist())
    fault = {"code": failing, "seed": 1, "fault": "the training loss is nan"}
    assert table.protocol["failed"] == [fault]
    assert set(table.seeds[TEST].tolist()) == {2}

    assert len(table_of(build_table(whole, tmp_path, "t"))) == 300 - lost
    assert invented == []  # what failed is not tried again ...
    path = tmp_path / JOURNAL
    kept = [line for line in path.read_bytes().splitlines(True) if b'"failed"' not in line]
    path.write_bytes(b"".join(kept))
    assert len(table_of(build_table(whole, tmp_path, "t"))) == 300
    assert invented == [TrainingKey(failing, 1)]  # ... until its line is deleted


def test_many_networks_that_diverge_are_an_error(
    protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = plan(protocol)
    failing = whole.trainings[0].code
    diverge(monkeypatch, {failing})
    message = (
        rf"1 of {len(whole.trainings) // 3} networks cannot be trained, .*: architecture {failing} "
        r"at seed 1: the training loss is nan; .* delete their lines in .*trained\.jsonl"
    )
    for _ in range(2):
        with pytest.raises(CheckError, match=message):
            build_table(whole, tmp_path, "t")
    assert not list(tmp_path.glob("*.nbtable"))
    assert len(read_journal(tmp_path).trained) == len(whole.trainings) - 1


def test_a_dead_worker_costs_only_its_training(
    protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deaths: list[int] = []

    def die(code: int, seed: int, *more: Any) -> TrainingResult:
        if seed == 2 and len(deaths) < 3:
            deaths.append(code)
            raise WorkerDiedError("the system ended a worker")
        return invent(code, seed, *more)

    monkeypatch.setattr(training, "train_one", _bare(die))
    built = build_table(plan(protocol), tmp_path, "t")
    assert len(deaths) == 3
    assert built.missing == 0


def _bare(train: Train) -> Callable[..., Any]:
    def run(protocol: TrainingProtocol, training: TrainingKey, *_: Any) -> Any:
        return training, (train(training.code, training.seed), {"cpu": "one"})

    return run


def test_trainings_that_end_every_worker_are_an_error(
    protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def die(*_: Any) -> TrainingResult:
        raise WorkerDiedError("the system ended a worker")

    monkeypatch.setattr(training, "train_one", _bare(die))
    with pytest.raises(WorkerDiedError):
        build_table(plan(protocol), tmp_path, "t")


def test_a_training_that_ends_two_workers_of_a_cluster_is_not_tried_again(
    protocol: TrainingProtocol, tmp_path: Path
) -> None:
    deadly = plan(protocol).trainings[5]
    cluster = StubCluster(is_deadly=lambda protocol, training, *_: training == deadly)
    message = (
        f"1 of .* trainings failed, .* architecture {deadly.code} at seed {deadly.seed}: it ended "
        "two workers"
    )
    with pytest.raises(CheckError, match=message):
        build_table(plan(protocol), tmp_path, "t", workers=cluster)
    assert len(cluster.calls) == 1
    assert len(read_journal(tmp_path).trained) == len(plan(protocol).trainings) - 1


def test_an_empty_shard_is_no_error(protocol: TrainingProtocol, tmp_path: Path) -> None:
    built = build_table(plan(protocol, 1, 1), tmp_path, "t", shard=(2, 2))
    assert (built.trainings, built.missing, built.table) == (0, 1, None)


@pytest.mark.parametrize("text", ["0", "15626", "99999999999"])
def test_a_number_of_architectures_out_of_bounds(text: str) -> None:
    with pytest.raises(InputError, match="a number from 1 to 15,625"):
        chosen_architectures(text, NB201)


def test_samples_are_uniform() -> None:
    alive = np.mean(live_codes(chosen_architectures("3000", NB201)) != 0)
    share = 1 - 341 / 15625
    assert abs(alive - share) < 4 * math.sqrt(share * (1 - share) / 3000)
