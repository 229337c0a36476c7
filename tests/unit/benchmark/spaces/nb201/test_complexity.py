from __future__ import annotations

import bz2
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE, decode, from_string
from benchmark.spaces.nb201.complexity import (
    TABLE_SCALE,
    NetworkScale,
    multiply_adds,
    parameters,
)

CODES = st.integers(0, SIZE - 1)
SCALES = st.builds(
    NetworkScale,
    channels=st.integers(1, 20),
    cells=st.integers(1, 6),
    resolution=st.integers(1, 10).map(lambda n: 4 * n),
    classes=st.integers(1, 200),
    input_channels=st.integers(1, 4),
)
CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}


@pytest.mark.parametrize("index", ["000000", "000011", "000284"])
def test_the_official_records(shared: Path, index: str) -> None:
    with bz2.open(shared / "nas-bench-201" / "nats-sample" / f"{index}.pickle.pbz2") as file:
        record = pickle.load(file)["200"]
    code = from_string(record["arch_str"])
    seen = set()
    for (dataset, _), result in record["all_results"].items():
        scale = NetworkScale(
            resolution=16 if dataset.startswith("ImageNet16") else 32, classes=CLASSES[dataset]
        )
        assert int(parameters(code, scale)) / 1e6 == result["params"]
        assert int(multiply_adds(code, scale)) / 1e6 == result["flop"]
        seen.add(dataset)
    assert seen == set(CLASSES)


def layer_by_layer(code: int, scale: NetworkScale, affine: bool) -> tuple[int, int]:
    """Build the network as a flat list of layers and count each by looping over its outputs."""
    weights = multiplications = 0

    def convolution(kernel: int, inputs: int, outputs: int, side: int, norm: int) -> None:
        nonlocal weights, multiplications
        for _ in range(outputs):
            weights += kernel * kernel * inputs + norm
            multiplications += side * side * kernel * kernel * inputs

    channels, side = scale.channels, scale.resolution
    convolution(3, scale.input_channels, channels, side, 2)
    for stage in range(3):
        if stage:
            side //= 2
            convolution(3, channels, 2 * channels, side, 2)
            convolution(3, 2 * channels, 2 * channels, side, 2)
            convolution(1, channels, 2 * channels, side, 0)
            channels *= 2
        for _ in range(scale.cells):
            for operation in decode(code):
                name = OPERATIONS[operation]
                if name.startswith("nor_conv"):
                    convolution(int(name[-1]), channels, channels, side, 2 if affine else 0)
    weights += 2 * channels
    return weights + (channels + 1) * scale.classes, (
        multiplications + (channels + 1) * scale.classes
    )


@given(CODES, SCALES, st.booleans())
def test_the_formula_counts_every_layer(code: int, scale: NetworkScale, affine: bool) -> None:
    weights, multiplications = layer_by_layer(code, scale, affine)
    assert int(parameters(code, scale, affine=affine)) == weights
    assert int(multiply_adds(code, scale)) == multiplications


def test_the_whole_space_at_once() -> None:
    codes = np.arange(SIZE)
    counts = parameters(codes, TABLE_SCALE)
    assert counts.dtype == np.int64
    assert counts.shape == (SIZE,)
    assert [int(parameters(code, TABLE_SCALE)) for code in (0, 77, SIZE - 1)] == list(
        counts[[0, 77, SIZE - 1]]
    )
    largest = OPERATIONS.index("nor_conv_3x3") * np.ones(len(EDGES), int)
    np.testing.assert_array_equal(decode(int(counts.argmax())), largest)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "channels is 0: it must be an integer of 1 or more"),
        ({"cells": 1.5}, "cells is 1.5"),
        ({"classes": True}, "classes is True"),
        ({"resolution": 30}, "resolution is 30: .* multiple of 4"),
    ],
)
def test_a_scale_is_checked(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        NetworkScale(**arguments)
