"""Searching the best-scored architecture where a space is too large to score all of it.

Each search evaluates a number of different architectures of a subspace by a score, such as that of
a trained supernet, and returns all of them. It stops early if it finds no new ones; in a subspace
of whose architectures others hold the canonical codes, it finds none.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from baselines.selection.evaluations import Evaluations, Found, Score
from baselines.selection.neighbours import mutated, neighbours
from benchmark.errors import InputError
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.sections import SelectionSettings

MOST_KNOWN = 1000  # children in a row that are known; then evolution ends


def random_search(
    subspace: Subspace, score: Score, evaluations: int, generator: np.random.Generator
) -> Found:
    """Evaluate architectures that are drawn as for training, without replacement."""
    book = Evaluations(subspace, score, evaluations)
    book.of(book.draw(evaluations, generator))
    return book.found


@dataclass(frozen=True)
class EvolutionSettings:
    """Sizes of regularised evolution; the defaults are the paper's."""

    population: int = 100
    sample: int = 25  # members of which the best one becomes a parent

    def __post_init__(self) -> None:
        if self.population < 1 or self.sample < 1:
            raise InputError(
                f"a population of {self.population} and samples of {self.sample}: give 1 or more"
            )


PAPER = EvolutionSettings()


def regularised_evolution(
    subspace: Subspace,
    score: Score,
    evaluations: int,
    generator: np.random.Generator,
    settings: EvolutionSettings = PAPER,
) -> Found:
    """Evolve a population whose oldest member dies [Real et al. 2019, arXiv 1802.01548, alg. 1].

    A cycle draws a sample of the population, with replacement, mutates the best of it in one
    decision, and adds the child.
    """
    book = Evaluations(subspace, score, evaluations)
    first = book.draw(min(settings.population, evaluations), generator)
    population = deque(zip(first.tolist(), book.of(first).tolist(), strict=True))
    fruitless = 0
    while population and book.left and fruitless < MOST_KNOWN:
        sample = generator.integers(len(population), size=settings.sample)
        parent, _ = max((population[place] for place in sample), key=lambda member: member[1])
        child = mutated(subspace, parent, generator)
        if child is None:
            break
        fruitless = fruitless + 1 if child in book else 0
        population.append((child, float(book.of(np.array([child]))[0])))
        if len(population) > settings.population:
            population.popleft()
    return book.found


def local_search(
    subspace: Subspace, score: Score, evaluations: int, generator: np.random.Generator
) -> Found:
    """Climb to the best neighbour until there is no better one, then start again elsewhere.

    [White et al. 2021, arXiv 2005.02960, algorithm 1]; neighbours are evaluated in random order, so
    that the last evaluations are a fair sample of them.
    """
    book = Evaluations(subspace, score, evaluations)
    while book.left:
        start = book.draw(1, generator)
        if not start.size:
            break
        here, height = int(start[0]), float(book.of(start)[0])
        while book.left:
            around = generator.permutation(neighbours(subspace, here))
            if not around.size:
                break
            found = book.of(around)
            if found.max() <= height:
                break
            here, height = int(around[found.argmax()]), float(found.max())
    return book.found


def searched(
    subspace: Subspace, score: Score, settings: SelectionSettings, generator: np.random.Generator
) -> Found:
    """Search as ``[selection]`` of a task says."""
    match settings.by:
        case "random":
            return random_search(subspace, score, settings.evaluations, generator)
        case "local":
            return local_search(subspace, score, settings.evaluations, generator)
        case "evolution":
            sizes = EvolutionSettings(settings.population, settings.sample)
            return regularised_evolution(subspace, score, settings.evaluations, generator, sizes)
        case _:
            raise InputError(f"{settings.by} is no search: choose random, evolution or local")
