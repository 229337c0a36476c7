"""Training the candidates of successive halving, each of which continues where it paused."""

import math
from pathlib import Path

from baselines.selection.halving import Curves
from baselines.standalone.training import SPLITS, StandaloneTraining
from benchmark.errors import DivergedError, InputError
from benchmark.tasks.protocol import TrainingProtocol


class Contest:
    """Trains architectures alone at one seed; give it to `successive_halving` as ``train``.

    All have the protocol's whole schedule, wherever they stop.
    """

    def __init__(
        self, protocol: TrainingProtocol, seed: int, folder: Path, device: str = "cpu"
    ) -> None:
        if not protocol.evaluation.curve_images:
            raise InputError(
                "candidates are compared by their accuracy after an epoch, but [evaluation] "
                "curve_images is 0: set it to a number of images"
            )
        self._protocol = protocol
        self._seed = seed
        self._folder = folder
        self._device = device
        self._trainings: dict[int, StandaloneTraining] = {}

    def __call__(self, code: int, epochs: int) -> Curves:
        """Train an architecture until it has had so many epochs, and return its curves so far.

        They end in one that is not a number if its training diverged.
        """
        most = self._protocol.training.epochs
        if epochs > most:
            raise InputError(
                f"a rung ends after {epochs} epochs, but the protocol has {most}: give fewer"
            )
        try:
            if code not in self._trainings:
                self._trainings[code] = StandaloneTraining(
                    code, self._seed, self._protocol, self._folder, self._device
                )
            training = self._trainings[code]
            training.run(epochs)
            return training.finish().curve if epochs == most else training.curve
        except DivergedError:
            return dict.fromkeys(SPLITS, (math.nan,))
