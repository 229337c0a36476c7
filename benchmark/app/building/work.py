"""Training networks side by side, and writing down each as it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from baselines.alone import TrainingResult, train_alone
from benchmark.app.building.journal import Journal, TrainingKey
from benchmark.app.workers.backends import Workers
from benchmark.app.workers.loky import DIED_ELSEWHERE, WorkerDiedError
from benchmark.app.workers.progress import Board, Meter, shown_board
from benchmark.app.workers.stopping import stoppable
from benchmark.errors import CheckError, DivergedError, StoppedError, fault_line
from benchmark.records.provenance import provenance
from benchmark.tasks.protocol import TrainingProtocol

PATIENCE = 3  # workers that may die one after the other without a training done
_PLACE = (  # what of a process's provenance a table tells
    "version", "commit", "dirty", "python", "libraries", "device", "accelerator", "threads", "cpu",
    "instructions",
)  # fmt: skip


def train_all(
    protocol: TrainingProtocol,
    missing: Sequence[TrainingKey],
    journal: Journal,
    images: Path,
    device: str,
    workers: Workers,
) -> None:
    """Train networks; where a worker dies, go on with those that it did not work on.

    A training that diverges would do so again: that is written down like a result. What else goes
    wrong may be due to the machine, and is left for another time.

    Args:
        protocol: How to train.
        missing: What to train, in this order, at least one.
        journal: Where results are written down, here, where no worker can lose them.
        images: Folder of the files of images.
        device: Where networks live.
        workers: Who trains.

    Raises:
        CheckError: Trainings failed, and the others were finished.
        WorkerDiedError: Workers died again and again.
        StoppedError: A signal asked it to stop; trainings under way are given up.
    """
    faults: dict[TrainingKey, str] = {}
    left, what = list(missing), f"training on {protocol.data.dataset}"
    in_vain = 0
    signals: list[int] = []
    with shown_board(len(missing), what) as board, _told(board, signals, workers):
        meters = {training: board.meter(place) for place, training in enumerate(missing)}
        while left and not signals:
            orders = [(protocol, training, images, device, meters[training]) for training in left]
            try:
                _round(orders, journal, faults, workers)
                died = False
            except WorkerDiedError:
                if workers.are_elsewhere:  # each was tried twice there, and all others are done
                    lost = [one for one in left if not _is_over(one, journal, faults)]
                    faults |= dict.fromkeys(lost, DIED_ELSEWHERE)
                died = True
                in_vain = 0 if any(_is_over(one, journal, faults) for one in left) else in_vain + 1
                if in_vain == PATIENCE:
                    raise
            left = [one for one in left if not _is_over(one, journal, faults)]
            if died:  # what it worked on stood first: the others come before that is tried again
                left = left[workers.jobs :] + left[: workers.jobs]
    if signals:
        raise StoppedError(signals[0])
    if faults:
        first = next(training for training in missing if training in faults)
        raise CheckError(
            f"{len(faults)} of {len(missing)} trainings failed, the first of them that of "
            f"architecture {first.code} at seed {first.seed}: {faults[first]}"
        )


def _told(board: Board, signals: list[int], workers: Workers) -> AbstractContextManager[None]:
    """Let workers of this machine stop at a signal; others cannot be told, and are left at once."""

    def tell(number: int) -> None:
        signals.append(number)
        board.stop()

    return nullcontext() if workers.are_elsewhere else stoppable(tell)


def _is_over(training: TrainingKey, journal: Journal, faults: Mapping[TrainingKey, str]) -> bool:
    return training in journal or training in faults


def _round(
    orders: Sequence[tuple[TrainingProtocol, TrainingKey, Path, str, Meter]],
    journal: Journal,
    faults: dict[TrainingKey, str],
    workers: Workers,
) -> None:
    meters = {training: meter for _, training, _, _, meter in orders}
    with workers.pool(len(orders)) as pool:
        for training, result in pool.results(train_one, orders):
            if result is None:  # it was asked to stop
                continue
            meters[training].show(1.0)  # workers elsewhere cannot
            if isinstance(result, str):
                faults[training] = result
            else:
                journal.add(training, *result)


def train_one(
    protocol: TrainingProtocol, training: TrainingKey, images: Path, device: str, meter: Meter
) -> tuple[TrainingKey, tuple[TrainingResult | str, dict[str, Any]] | str | None]:
    """Train one network; return what it gave or that it diverged, and where, or what went wrong.

    Nothing comes of a training that is asked to stop, between two of its steps.
    """

    def tell(share: float) -> None:
        meter.show(0.999 * share)
        if meter.is_stopped:
            raise StoppedError

    try:
        tell(0.0)
        trained = train_alone(training.code, training.seed, protocol, images, device, tell)
    except StoppedError:
        return training, None
    except DivergedError as error:
        return training, (str(error), place(device))
    except Exception as error:  # whatever it is, the others go on
        return training, fault_line(error)
    meter.show(1.0)
    return training, (trained, place(device))


@cache
def place(device: str) -> dict[str, Any]:
    """Return where this process computes, to be asked for after it has settled on its threads."""
    found = provenance(device)
    return {name: found[name] for name in _PLACE}
