"""What a tree keeps, so that one that is killed goes on with the bits it would have had.

A checkpoint holds the supernets that are trained, the splits, the ledger, and the training under
way. It is taken up by growing the tree again: what is finished is loaded instead of trained. No
state of a random generator is needed, because each stretch draws from a stream of its own in
advance.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from baselines.experiment import Experiment
from baselines.training import SupernetState, SupernetTraining
from baselines.tree.trajectory import Trajectory
from benchmark.records.checkpoints import taking_up, whole_number
from benchmark.records.forms import check_split


class Kept:
    """The finished parts of a tree.

    Args:
        experiment: Where the checkpoint is, what was spent, and which streams were drawn.
        trajectory: What was scored on the way.

    Raises:
        CheckError: An earlier checkpoint is of the run, but not as this program writes it.
    """

    def __init__(self, experiment: Experiment, trajectory: Trajectory) -> None:
        self._experiment, self._trajectory = experiment, trajectory
        self._finished: dict[str, tuple[SupernetState, list[float]]] = {}
        self._splits: dict[str, tuple[dict[str, Any], int]] = {}
        self._leaf_steps: int | None = None
        self._earlier: Mapping[str, Any] = experiment.checkpoints.load() or {}
        if self._earlier:
            with taking_up():
                experiment.ledger.restore(json.loads(self._earlier["ledger"]))
                experiment.streams.recall(json.loads(self._earlier["streams"]))
                trajectory.load_state_dict(json.loads(self._earlier["trajectory"]))
                for told, images in json.loads(self._earlier["splits"]):
                    check_split(told)
                    self._splits[told["node"]] = (told, whole_number(images))
                steps = self._earlier["leaf steps"]
                self._leaf_steps = None if steps is None else whole_number(steps)

    def finished(self, name: str, state: SupernetState) -> list[float] | None:
        """Load a supernet that was trained before, and return its losses, or None.

        Args:
            name: Its name.
            state: The supernet as it starts, changed in place.
        """
        with taking_up():
            kept = self._earlier["nodes"].get(name) if self._earlier else None
            if kept is None:
                return None
            state.network.load_state_dict(kept["network"])
            if state.architecture is not None:
                state.architecture.load_state_dict(kept["architecture"])
            state.progress = float(kept["progress"])
            losses: list[float] = kept["losses"].tolist()
        return losses

    def begun(self, name: str) -> tuple[int, Mapping[str, Any] | None]:
        """Return the position and the state of a training that was under way, or 0 and None."""
        with taking_up():
            current = self._earlier["current"] if self._earlier else None
            if current is None or current["name"] != name:
                return 0, None
            return whole_number(current["position"]), current["training"]

    def split(self, name: str) -> tuple[dict[str, Any], int] | None:
        """Return how a supernet was split before, and the images spent on that, or None."""
        return self._splits.get(name)

    def leaf_steps(self, left: int) -> int:
        """Return how many steps all leaves get: what is left as the first of them begins."""
        if self._leaf_steps is None:
            self._leaf_steps = left
        return self._leaf_steps

    def finish(self, name: str, state: SupernetState, losses: list[float]) -> None:
        """Keep a supernet that is trained; nobody may change it from now on."""
        self._finished[name] = (state, losses)

    def keep_split(self, told: dict[str, Any], images: int) -> None:
        """Keep how a supernet was split, and the images spent on that."""
        self._splits[told["node"]] = (told, images)

    def visit(self, name: str, training: SupernetTraining) -> None:
        """Let a checkpoint be written between two steps, where it is time."""
        self._experiment.checkpoints.visit(
            lambda: {
                **self._state(),
                "current": {
                    "name": name,
                    "position": training.position,
                    "training": training.state_dict(),
                },
            }
        )

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Go on from the beginning of the block if the run is stopped within it."""
        state = self._state()  # no supernet changes, but the ledger does
        with self._experiment.checkpoints.holding(lambda: state):
            yield

    def _state(self) -> dict[str, Any]:
        nodes = {
            name: {
                "network": state.network.state_dict(),
                "architecture": state.architecture and state.architecture.state_dict(),
                "progress": state.progress,
                "losses": torch.tensor(losses, dtype=torch.float64),
            }
            for name, (state, losses) in self._finished.items()
        }
        return {
            "ledger": json.dumps(self._experiment.ledger.to_dict()),
            "streams": json.dumps(list(self._experiment.streams.drawn)),
            "trajectory": json.dumps(self._trajectory.state_dict()),
            "splits": json.dumps(list(self._splits.values())),
            "leaf steps": self._leaf_steps,
            "nodes": nodes,
            "current": None,
        }
