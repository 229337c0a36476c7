"""Training networks side by side, and recording each in the journal as it finishes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from baselines.standalone import TrainingResult, train_standalone
from benchmark.app.building.journal import Journal, TrainingKey
from benchmark.app.workers.backends import Workers
from benchmark.app.workers.dask import DIED_REMOTELY
from benchmark.app.workers.loky import WorkerDiedError
from benchmark.app.workers.progress import Board, Meter, shown_board
from benchmark.app.workers.stopping import stoppable
from benchmark.errors import CheckError, DivergedError, StoppedError, fault_line
from benchmark.records.provenance import provenance
from benchmark.tasks.protocol import TrainingProtocol

MOST_DEATHS = 3  # of workers one after the other, without a training finished between them
_MACHINE = (  # what of a process's provenance a table records
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
    """Train networks; when a worker dies, train the others first and then try its network again.

    A training that diverges would do so again, so it is recorded like a result. Any other fault may
    be the machine's, and is not recorded.

    Raises:
        CheckError: Trainings failed; all others were finished.
        WorkerDiedError: Workers died again and again.
        StoppedError: A signal asked to stop; unfinished trainings are abandoned.
    """
    faults: dict[TrainingKey, str] = {}
    left, deaths = list(missing), 0
    signals: list[int] = []

    def unfinished() -> list[TrainingKey]:
        return [one for one in left if one not in journal and one not in faults]

    with (
        shown_board(len(missing), f"training on {protocol.data.dataset}") as board,
        _stopping(board, signals, workers),
    ):
        meters = {training: board.meter(place) for place, training in enumerate(missing)}
        while left and not signals:
            calls = [(protocol, training, images, device, meters[training]) for training in left]
            try:
                _train_once(calls, journal, faults, workers)
                left = unfinished()
            except WorkerDiedError:
                if workers.are_remote:  # a cluster has tried each of these twice
                    faults |= dict.fromkeys(unfinished(), DIED_REMOTELY)
                deaths = deaths + 1 if unfinished() == left else 0
                if deaths == MOST_DEATHS:
                    raise
                left = unfinished()
                left = left[workers.jobs :] + left[: workers.jobs]  # the suspects go last
    if signals:
        raise StoppedError(signals[0])
    if faults:
        first = next(training for training in missing if training in faults)
        raise CheckError(
            f"{len(faults)} of {len(missing)} trainings failed, the first of them that of "
            f"architecture {first.code} at seed {first.seed}: {faults[first]}"
        )


def _stopping(board: Board, signals: list[int], workers: Workers) -> AbstractContextManager[None]:
    """Let workers of this machine finish a step after a signal; a cluster is abandoned at once."""

    def stop(number: int) -> None:
        signals.append(number)
        board.stop()

    return nullcontext() if workers.are_remote else stoppable(stop)


def _train_once(
    calls: Sequence[tuple[TrainingProtocol, TrainingKey, Path, str, Meter]],
    journal: Journal,
    faults: dict[TrainingKey, str],
    workers: Workers,
) -> None:
    """Train networks and record what comes back, until all are done or a worker dies."""
    meters = {training: meter for _, training, _, _, meter in calls}
    with workers.pool(len(calls)) as pool:
        for training, result in pool.results(train_one, calls):
            if result is None:  # it was stopped
                continue
            meters[training].show(1.0)  # workers on other machines cannot
            if isinstance(result, str):
                faults[training] = result
            else:
                journal.add(training, *result)


def train_one(
    protocol: TrainingProtocol, training: TrainingKey, images: Path, device: str, meter: Meter
) -> tuple[TrainingKey, tuple[TrainingResult | str, dict[str, Any]] | str | None]:
    """Train one network, in whichever process.

    Returns the training, and its result or that it diverged, with the machine; or another fault; or
    None where it was stopped between two steps.
    """

    def progress(share: float) -> None:
        meter.show(0.999 * share)
        if meter.is_stopped:
            raise StoppedError

    try:
        progress(0.0)
        trained = train_standalone(training.code, training.seed, protocol, images, device, progress)
    except StoppedError:
        return training, None
    except DivergedError as error:
        return training, (str(error), _machine(device))
    except Exception as error:  # whatever it is, the others go on
        return training, fault_line(error)
    meter.show(1.0)
    return training, (trained, _machine(device))


@cache
def _machine(device: str) -> dict[str, Any]:
    """Return where this process computes; called after its number of threads is set."""
    found = provenance(device)
    return {name: found[name] for name in _MACHINE}
