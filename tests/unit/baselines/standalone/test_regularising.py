from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.standalone import train_standalone
from baselines.standalone.regularising import TrainingLoss, cut_out
from baselines.supernets.darts.child import GenotypeNetwork
from benchmark.errors import InputError
from benchmark.seeds import Streams
from benchmark.spaces.darts.complexity import DartsScale
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import Regularisation, TrainingProtocol, described_protocol
from tests.unit.baselines.standalone.tiny import numbers, tiny, train

CODE = int(open_space("darts").sample(1)[0])


@given(st.integers(1, 12), st.integers(1, 9), st.integers(1, 9), st.integers(0, 1000))
@settings(max_examples=30)
def test_a_square_is_cut_out(side: int, height: int, width: int, seed: int) -> None:
    pixels = torch.ones(20, 2, height, width)
    found = cut_out(pixels, side, torch.Generator().manual_seed(seed))
    again = torch.Generator().manual_seed(seed)
    rows = torch.randint(height, (20,), generator=again).tolist()
    columns = torch.randint(width, (20,), generator=again).tolist()
    for image, row, column in zip(found, rows, columns, strict=True):
        expected = np.ones((2, height, width))
        for y in range(row - side // 2, row - side // 2 + side):
            for x in range(column - side // 2, column - side // 2 + side):
                if 0 <= y < height and 0 <= x < width:
                    expected[:, y, x] = 0
        np.testing.assert_array_equal(image.numpy(), expected)
    assert (pixels == 1).all()


def test_a_loss_is_of_both_heads_and_the_images_cut() -> None:
    scale = DartsScale(channels=2, cells=3)
    extra = Regularisation(cutout=16, drop_path=0.5, auxiliary_weight=0.4)
    training = tiny(training__label_smoothing=0.1, training__epochs=4).training
    network, other = (
        GenotypeNetwork(CODE, scale, Streams(0).torch("alone/weights")) for _ in range(2)
    )
    loss = TrainingLoss(network, training, extra, Streams(0), steps=8)
    assert [loss.drop_path(step) for step in range(8)] == [
        0,
        0,
        1 / 8,
        1 / 8,
        2 / 8,
        2 / 8,
        3 / 8,
        3 / 8,
    ]
    other.add_auxiliary(Streams(0).torch("alone/auxiliary weights"))
    cut, dropped = (Streams(0).torch(f"alone/{name}") for name in ("cutout", "dropped paths"))
    pixels, labels = torch.randn(8, 3, 32, 32), torch.arange(8)
    for step in range(0, 8, 3):
        found = loss.of(pixels, labels, step)
        images = cut_out(pixels, 16, cut)
        main, auxiliary = other.training_logits(images, loss.drop_path(step), dropped)
        losses = [F.cross_entropy(one, labels, label_smoothing=0.1) for one in (main, auxiliary)]
        torch.testing.assert_close(found, losses[0] + 0.4 * losses[1])


def in_darts(**regularisation: Any) -> TrainingProtocol:
    """Return a protocol of four steps for genotypes on digits of 8×8 pixels."""
    small = tiny(data__training_images=200, training__batch_size=100, evaluation__curve_images=0)
    values = small.describe() | {"space": "darts", "network": {"channels": 2, "cells": 3}}
    if regularisation:
        values["regularisation"] = regularisation
    return described_protocol("tiny", values)


def test_a_genotype_is_trained() -> None:
    plain = train_standalone(CODE, 0, in_darts(), Path())
    none = in_darts(cutout=0, drop_path=0.0, auxiliary_weight=0.0)
    assert numbers(train_standalone(CODE, 0, none, Path())) == numbers(plain)
    some = in_darts(cutout=4, drop_path=0.2, auxiliary_weight=0.0)
    first = train_standalone(CODE, 0, some, Path())
    assert numbers(train_standalone(CODE, 0, some, Path())) == numbers(first)
    assert numbers(first) != numbers(plain)


def test_a_protocol_without_it_says_nothing_of_it() -> None:
    assert "regularisation" not in tiny().describe()
    extra = {"cutout": 4, "drop_path": 0.2, "auxiliary_weight": 0.4}
    protocol = in_darts(**extra)
    assert protocol.describe()["regularisation"] == extra
    assert (
        described_protocol("again", protocol.describe()).regularisation == protocol.regularisation
    )
    assert len({protocol, in_darts(), in_darts(**extra)}) == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [("auxiliary_weight", "no auxiliary head: let its weight be 0"), ("drop_path", "need 0")],
)
def test_networks_that_cannot(setting: str, message: str) -> None:
    none = {"cutout": 0, "drop_path": 0.0, "auxiliary_weight": 0.0}
    values = tiny().describe() | {"regularisation": none | {setting: 0.5}}
    with pytest.raises(InputError, match=message):
        train_standalone(7000, 0, described_protocol("tiny", values), Path())


def test_other_spaces_can_have_pixels_cut_out() -> None:
    values = tiny().describe()
    values["regularisation"] = {"cutout": 3, "drop_path": 0.0, "auxiliary_weight": 0.0}
    trained = train_standalone(9626, 0, described_protocol("tiny", values), Path())
    assert numbers(trained) != numbers(train(9626))
