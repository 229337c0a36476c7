"""What every method must keep to. A method's test file inherits from here."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from typing import ClassVar

import numpy as np
import pytest
import torch

from baselines.method import Method, Outcome
from benchmark.budget import Ledger
from benchmark.errors import InputError
from benchmark.images import ImageSet
from benchmark.spaces.base import Codes
from tests.unit.baselines.tiny import (
    BATCH,
    CANDIDATES,
    FEW,
    OPTIONS,
    SPACE,
    tiny_experiment,
    tiny_images,
)


@dataclass(frozen=True)
class TinyRun:
    """One run of a method and what was seen around it."""

    outcome: Outcome
    ledger: Ledger
    images: ImageSet
    ticks: int


def candidates_of(method: type[Method]) -> Codes:
    """Return few candidates for a proxy, which builds a network for each."""
    return FEW if method.reference else CANDIDATES


def run(method: type[Method], seed: int = 0) -> TinyRun:
    images = tiny_images()
    ticks: list[None] = []
    experiment = tiny_experiment(
        seed,
        images=images,
        candidates=candidates_of(method),
        tick=lambda: ticks.append(None),
    )
    outcome = method(OPTIONS.get(method.name, {})).run(experiment)
    return TinyRun(outcome, experiment.ledger, images, len(ticks))


cached_run = cache(run)


def digest(run: TinyRun) -> str:
    """Return a digest of every bit that a run gives."""
    trace = json.dumps([run.outcome.trace, run.ledger.to_dict()], sort_keys=True)
    return sha256(run.outcome.scores.tobytes() + trace.encode()).hexdigest()


class MethodConformance:
    """What all keep to; a test file inherits one of the two below as ``Test…``."""

    method: ClassVar[type[Method]]

    def test_every_architecture_has_a_score(self) -> None:
        scores = cached_run(self.method).outcome.scores
        assert scores.shape == candidates_of(self.method).shape
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()
        assert len(np.unique(scores)) > 5

    def test_a_seed_alone_decides_every_bit(self) -> None:
        torch.manual_seed(1)
        np.random.seed(1)
        before = torch.get_rng_state(), repr(np.random.get_state())
        again = run(self.method)
        after = torch.get_rng_state(), repr(np.random.get_state())
        assert digest(again) == digest(cached_run(self.method))
        assert torch.equal(before[0], after[0])
        assert before[1] == after[1]

    def test_another_seed_matters_where_the_method_says_so(self) -> None:
        one, other = (cached_run(self.method, seed).outcome.scores for seed in (0, 1))
        assert np.array_equal(one, other) != self.method.seeded

    def test_the_trace_is_plain_json(self) -> None:
        trace = cached_run(self.method).outcome.trace
        assert json.loads(json.dumps(trace, allow_nan=False)) == trace

    def test_the_images_stay_as_they_are(self) -> None:
        seen, fresh = cached_run(self.method).images, tiny_images()
        for part in ("train", "valid"):
            used, expected = getattr(seen, part), getattr(fresh, part)
            assert torch.equal(used.pixels, expected.pixels)
            assert torch.equal(used.labels, expected.labels)

    def test_an_unknown_option_is_an_error(self) -> None:
        options = {**OPTIONS.get(self.method.name, {}), "wram_up": 0.5}
        message = r"^(unknown setting of .*|.* takes no settings, but has )'wram_up'"
        with pytest.raises(InputError, match=message):
            self.method(options)

    def test_every_option_must_be_given(self) -> None:
        options = OPTIONS.get(self.method.name, {})
        assert [field.name for field in fields(self.method.Options)] == list(options)
        for name in options:
            others = {key: value for key, value in options.items() if key != name}
            with pytest.raises(InputError, match=f"lacks {name}: give it"):
                self.method(others)


class TrainedConformance(MethodConformance):
    """What a method that trains keeps to as well."""

    def test_it_is_no_reference(self) -> None:
        assert not self.method.reference

    def test_equal_functions_score_equal(self) -> None:
        scores = cached_run(self.method).outcome.scores
        _, first, function = np.unique(
            SPACE.canonical(CANDIDATES), return_index=True, return_inverse=True
        )
        assert len(first) < len(CANDIDATES)
        np.testing.assert_array_equal(scores, scores[first][function])

    def test_the_budget_is_used_up_and_not_passed(self) -> None:
        ledger = cached_run(self.method).ledger
        assert sum(ledger.parts.values()) == ledger.spent
        assert 0 <= ledger.left < BATCH

    def test_scoring_costs_the_same_for_everyone(self) -> None:
        functions, images = len(np.unique(SPACE.canonical(CANDIDATES))), 4
        assert cached_run(self.method).ledger.scored == functions * images

    def test_every_step_is_reported(self) -> None:
        done = cached_run(self.method)
        assert done.ticks > done.ledger.spent // BATCH


class ReferenceConformance(MethodConformance):
    """What a method that stands for comparison keeps to as well."""

    scores_are_ranks: ClassVar[bool] = False

    def test_it_is_a_reference(self) -> None:
        assert self.method.reference

    def test_nothing_is_spent(self) -> None:
        ledger = cached_run(self.method).ledger
        assert ledger.spent == ledger.scored == 0

    def test_a_score_does_not_depend_on_the_other_candidates(self) -> None:
        if self.scores_are_ranks:
            pytest.skip("scores are ranks among the candidates")
        among_all = cached_run(self.method).outcome.scores[::3]
        experiment = tiny_experiment(candidates=FEW[::3])
        among_few = self.method(OPTIONS.get(self.method.name, {})).run(experiment).scores
        working = SPACE.works(FEW[::3])  # the others rank last, by one less than the lowest
        np.testing.assert_array_equal(among_few[working], among_all[working])
