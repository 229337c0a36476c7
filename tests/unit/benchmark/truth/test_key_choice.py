from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import MissingError
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable
from benchmark.truth.key_choice import choose_key

NB201 = open_space("nb201")

NAMES = ("cifar10_test_200", "cifar10_test_12", "cifar100_test_200", "imagenet16_valid_12")


def table(*names: str) -> TruthTable:
    columns = {AccuracyKey.parse(name): np.array([90.0]) for name in names}
    return TruthTable("mine", "-", Source("-", "-"), np.array([5]), columns, space=NB201)


@pytest.mark.parametrize(
    ("dataset", "split", "epochs", "expected"),
    [
        ("cifar10", "test", 200, "cifar10_test_200"),
        ("cifar10", None, 200, "cifar10_test_200"),
        ("cifar100", None, None, "cifar100_test_200"),
        (None, "valid", None, "imagenet16_valid_12"),
        ("imagenet16", None, None, "imagenet16_valid_12"),
        ("ImageNet16-120", "valid", 12, "imagenet16_valid_12"),
        ("CIFAR10", None, 12, "cifar10_test_12"),
    ],
)
def test_the_only_one_that_fits(
    dataset: str | None, split: str | None, epochs: int | None, expected: str
) -> None:
    assert str(choose_key(table(*NAMES), dataset, split, epochs)) == expected


def test_a_table_of_one_needs_no_name() -> None:
    assert str(choose_key(table("cifar100_valid_12"))) == "cifar100_valid_12"


@pytest.mark.parametrize(
    ("dataset", "split", "epochs", "message"),
    [
        (None, None, None,
         "table 'mine' has cifar10_test_12, cifar10_test_200, cifar100_test_200, "
         "imagenet16_valid_12: choose one by dataset and split and epochs"),
        ("cifar10", None, None,
         "table 'mine' has cifar10_test_12, cifar10_test_200: choose one by split and epochs"),
        ("cifar10", "test", None,
         "table 'mine' has cifar10_test_12, cifar10_test_200: choose one by epochs"),
        ("cifar10", "valid", 200,
         "table 'mine' has no accuracy of dataset cifar10, split valid, epochs 200: it has "
         "cifar10_test_12, cifar10_test_200, cifar100_test_200, imagenet16_valid_12"),
        ("cifar", None, None,
         "table 'mine' has no accuracy of dataset cifar: it has "
         "cifar10_test_12, cifar10_test_200, cifar100_test_200, imagenet16_valid_12"),
    ],
)  # fmt: skip
def test_none_or_several_are_listed(
    dataset: str | None, split: str | None, epochs: int | None, message: str
) -> None:
    with pytest.raises(MissingError) as caught:
        choose_key(table(*NAMES), dataset, split, epochs)
    assert str(caught.value) == message
