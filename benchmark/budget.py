"""The budget of a method and its ledger, in images passed forward and backward.

An image passed forward and backward costs one, whatever the pass is for. Scoring passes images
forward only and costs the same for every method: it is counted separately.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from benchmark.errors import BudgetError, InputError, unknown_name


class Spending(str, Enum):
    """What images are spent on.

    Shared training is that of the supernet of the whole space, leaf training that of every
    sub-supernet, even if it is split again.
    """

    SHARED_TRAINING = "shared training"
    GRADIENT_MATCHING = "gradient matching"
    LEAF_TRAINING = "leaf training"


@dataclass(frozen=True)
class Budget:
    """What a method may spend."""

    images: int  # images forward and backward, 1 or more

    def __post_init__(self) -> None:
        _check_images("budget", self.images, least=1)


class Ledger:
    """Counts what one run spends, and refuses to exceed the budget.

    Example:
        >>> ledger = Ledger(Budget(100))
        >>> ledger.charge(Spending.SHARED_TRAINING, 64)
        >>> ledger.charge("leaf training", 64)
        Traceback (most recent call last):
        benchmark.errors.BudgetError: leaf training asks for 64 images, but 36 of 100 are left; \
raise the budget or shorten the schedule
        >>> ledger.spent, ledger.left
        (64, 36)
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._parts = dict.fromkeys(Spending, 0)
        self._scored = 0

    def charge(self, kind: Spending | str, images: int) -> None:
        """Record images before they are passed forward and backward.

        Raises:
            BudgetError: Fewer are left; nothing is recorded.
        """
        if kind not in list(Spending):
            raise unknown_name("spending", kind, [known.value for known in Spending])
        kind = Spending(kind)
        _check_images(kind.value, images)
        if images > self.left:
            raise BudgetError(
                f"{kind.value} asks for {images:,} images, but {self.left:,} of "
                f"{self.budget.images:,} are left; raise the budget or shorten the schedule"
            )
        self._parts[kind] += images

    def record_scoring(self, images: int) -> None:
        """Record images passed forward only, to score architectures; they do not count as spent."""
        _check_images("scoring", images)
        self._scored += images

    @property
    def spent(self) -> int:
        """Images spent of the budget."""
        return sum(self._parts.values())

    @property
    def left(self) -> int:
        """Images that may still be spent."""
        return self.budget.images - self.spent

    @property
    def parts(self) -> dict[Spending, int]:
        """Images spent on each kind."""
        return dict(self._parts)

    @property
    def scored(self) -> int:
        """Images passed forward only, which the budget does not limit."""
        return self._scored

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Continue from what `to_dict` gave for the same run."""
        fresh = Ledger(self.budget)
        try:
            for kind, images in kept["parts"].items():
                fresh.charge(kind, images)
            fresh.record_scoring(kept["scored"])
            is_same = fresh.to_dict() == dict(kept)
        except (AttributeError, KeyError, TypeError, BudgetError) as error:
            raise InputError("what was spent before does not add up") from error
        if not is_same:
            raise InputError("what was spent before is of another budget")
        self._parts, self._scored = fresh._parts, fresh._scored

    def to_dict(self) -> dict[str, Any]:
        """Return the budget and all that was spent, as plain JSON values."""
        return {
            "budget": self.budget.images,
            "spent": self.spent,
            "parts": {kind.value: images for kind, images in self._parts.items()},
            "scored": self.scored,
        }


def _check_images(what: str, images: object, least: int = 0) -> None:
    if type(images) is not int or images < least:
        raise InputError(f"{what} is {images!r} images: it must be an integer of {least} or more")
