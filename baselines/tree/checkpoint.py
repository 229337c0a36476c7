"""Saving and restoring the state of a tree, so that a resumed run continues with the same bits.

A checkpoint holds the trained supernets, the splits, the ledger, and the state of the current
training. A resumed run builds the tree again, loading what is finished. States of random generators
are not needed, because each range of steps draws from a stream of its own in advance.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from baselines.experiment import Experiment
from baselines.training import SupernetState, WeightTraining
from baselines.tree.trajectory import Trajectory
from benchmark.records.checkpoints import reading_checkpoint, whole_number
from benchmark.records.schema import check_split


class TreeCheckpoint:
    """What is finished of a tree, in this run and in the one that it resumes."""

    def __init__(self, experiment: Experiment, trajectory: Trajectory) -> None:
        self._experiment, self._trajectory = experiment, trajectory
        self._trained: dict[str, tuple[SupernetState, list[float]]] = {}
        self._splits: dict[str, tuple[dict[str, Any], int]] = {}
        self._leaf_steps: int | None = None
        self._loaded: Mapping[str, Any] = experiment.checkpoints.load() or {}
        if self._loaded:
            with reading_checkpoint():
                experiment.ledger.restore(json.loads(self._loaded["ledger"]))
                experiment.streams.recall(json.loads(self._loaded["streams"]))
                trajectory.load_state_dict(json.loads(self._loaded["trajectory"]))
                for split, images in json.loads(self._loaded["splits"]):
                    check_split(split, experiment.space)
                    self._splits[split["node"]] = (split, whole_number(images))
                steps = self._loaded["leaf steps"]
                self._leaf_steps = None if steps is None else whole_number(steps)

    def load_trained(self, name: str, state: SupernetState) -> list[float] | None:
        """Load a trained supernet in place and return its losses; None if it is not there."""
        with reading_checkpoint():
            saved = self._loaded["nodes"].get(name) if self._loaded else None
            if saved is None:
                return None
            state.network.load_state_dict(saved["network"])
            if state.architecture is not None:
                state.architecture.load_state_dict(saved["architecture"])
            state.progress = float(saved["progress"])
            losses: list[float] = saved["losses"].tolist()
        return losses

    def current_training(self, name: str) -> tuple[int, Mapping[str, Any] | None]:
        """Return position and state of a supernet's interrupted training, or 0 and None."""
        with reading_checkpoint():
            current = self._loaded["current"] if self._loaded else None
            if current is None or current["name"] != name:
                return 0, None
            return whole_number(current["position"]), current["training"]

    def split(self, name: str) -> tuple[dict[str, Any], int] | None:
        """Return how a supernet was split, and the images spent on that, or None."""
        return self._splits.get(name)

    def leaf_steps(self, left: int) -> int:
        """Return the steps of all leaves: those left when the first of them starts."""
        if self._leaf_steps is None:
            self._leaf_steps = left
        return self._leaf_steps

    def add_trained(self, name: str, state: SupernetState, losses: list[float]) -> None:
        """Add a trained supernet, which must not change any more."""
        self._trained[name] = (state, losses)

    def add_split(self, split: dict[str, Any], images: int) -> None:
        """Add how a supernet was split, and the images spent on that."""
        self._splits[split["node"]] = (split, images)

    def save_if_due(self, name: str, training: WeightTraining) -> None:
        """Write a checkpoint between two steps, if it is time."""
        self._experiment.checkpoints.save_if_due(
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
    def saving_if_stopped(self) -> Iterator[None]:
        """Save the state at the beginning of the block if the run is stopped within it."""
        state = self._state()  # no supernet changes in the block, but the ledger does
        with self._experiment.checkpoints.saving_if_stopped(lambda: state):
            yield

    def _state(self) -> dict[str, Any]:
        nodes = {
            name: {
                "network": state.network.state_dict(),
                "architecture": state.architecture and state.architecture.state_dict(),
                "progress": state.progress,
                "losses": torch.tensor(losses, dtype=torch.float64),
            }
            for name, (state, losses) in self._trained.items()
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
