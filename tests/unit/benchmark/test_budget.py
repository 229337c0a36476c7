from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.budget import Budget, Ledger, Spending
from benchmark.errors import BudgetError, InputError

CHARGES = st.lists(st.tuples(st.sampled_from([*Spending, "scoring"]), st.integers(0, 60)))


@given(images=st.integers(1, 200), charges=CHARGES)
def test_the_sums_are_those_of_a_list(images: int, charges: list[tuple[str, int]]) -> None:
    ledger = Ledger(Budget(images))
    entries: list[tuple[str, int]] = []
    for kind, asked in charges:
        spent = sum(number for name, number in entries if name != "scoring")
        if kind == "scoring":
            ledger.record_scoring(asked)
        elif spent + asked > images:
            with pytest.raises(BudgetError):
                ledger.charge(kind, asked)
            continue
        else:
            ledger.charge(kind, asked)
        entries.append((kind, asked))

    def total(*kinds: str) -> int:
        return sum(number for name, number in entries if name in kinds)

    assert ledger.parts == {kind: total(kind) for kind in Spending}
    assert ledger.spent == total(*Spending) == sum(ledger.parts.values())
    assert ledger.left == images - ledger.spent >= 0
    assert ledger.scored == total("scoring")
    assert json.loads(json.dumps(ledger.to_dict())) == {
        "budget": images,
        "spent": total(*Spending),
        "parts": {
            "shared training": total(Spending.SHARED_TRAINING),
            "gradient matching": total(Spending.GRADIENT_MATCHING),
            "leaf training": total(Spending.LEAF_TRAINING),
        },
        "scored": total("scoring"),
    }


def test_the_budget_can_be_spent_to_the_last_image() -> None:
    ledger = Ledger(Budget(100))
    ledger.charge("shared training", 60)
    ledger.charge(Spending.LEAF_TRAINING, 40)
    assert ledger.left == 0
    ledger.charge("leaf training", 0)
    with pytest.raises(BudgetError):
        ledger.charge("leaf training", 1)


def test_overspending_is_one_line_and_leaves_the_ledger_alone() -> None:
    ledger = Ledger(Budget(10_000))
    ledger.charge("shared training", 9_500)
    before = ledger.to_dict()
    with pytest.raises(
        BudgetError,
        match=r"^gradient matching asks for 1,280 images, but 500 of 10,000 are left; raise .*$",
    ):
        ledger.charge("gradient matching", 1_280)
    assert ledger.to_dict() == before


def test_what_a_reader_holds_is_not_the_ledger() -> None:
    ledger = Ledger(Budget(10))
    ledger.parts[Spending.LEAF_TRAINING] = 10
    ledger.to_dict()["parts"]["leaf training"] = 10
    assert ledger.spent == 0


@pytest.mark.parametrize("images", [0, -1, 2.0, True, "3", None])
def test_a_budget_is_a_positive_integer(images: object) -> None:
    with pytest.raises(InputError, match=r"^budget is .* images: it must be an integer of 1 or"):
        Budget(images)  # type: ignore[arg-type]


@pytest.mark.parametrize("images", [-1, 2.0, True, "3", None])
def test_a_spending_is_an_integer_and_not_negative(images: object) -> None:
    ledger = Ledger(Budget(10))
    with pytest.raises(InputError, match=r"^leaf training is .* images: it must be an integer of"):
        ledger.charge("leaf training", images)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^scoring is .* images: it must be an integer of 0 or"):
        ledger.record_scoring(images)  # type: ignore[arg-type]
    assert (ledger.spent, ledger.scored) == (0, 0)


def test_an_unknown_spending_lists_the_choices() -> None:
    with pytest.raises(
        InputError,
        match=r"^unknown spending 'leaf trainning': did you mean 'leaf training'\? "
        r"choose from shared training, gradient matching, leaf training$",
    ):
        Ledger(Budget(10)).charge("leaf trainning", 1)
