from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmark.spaces.macro.layers import MacroScale
from benchmark.spaces.registry import open_space

SPACE = open_space("macro")
FILE = "nas-bench-macro/nas-bench-macro_cifar10.json"

THREE = st.integers(1, 9)
SCALES = st.builds(
    MacroScale,
    stem=st.integers(1, 9),
    widths=st.tuples(THREE, THREE, THREE),
    strides=st.tuples(*[st.integers(1, 3)] * 3),
    head=st.integers(1, 9),
    resolution=st.integers(1, 9),
    classes=st.integers(1, 9),
    input_channels=st.integers(1, 4),
)


def test_the_official_numbers(shared: Path) -> None:
    records = json.loads((shared / FILE).read_text())
    codes, scale = SPACE.to_codes(list(records)), SPACE.table_scale
    params = [record["params"] for record in records.values()]
    np.testing.assert_array_equal(SPACE.parameters(codes, scale), params)
    flops = [record["flops"] for record in records.values()]
    np.testing.assert_array_equal(SPACE.multiply_adds(codes, scale), flops)


def layer_by_layer(text: str, scale: MacroScale) -> tuple[int, int]:
    """Walk the layers and count each convolution by looping over its outputs."""
    weights = multiplications = 0

    def convolution(kernel: int, inputs: int, outputs: int, side: int) -> None:
        nonlocal weights, multiplications
        for _ in range(outputs):
            weights += kernel * kernel * inputs + 2
            multiplications += len(range(side)) ** 2 * kernel * kernel * inputs

    channels, side = scale.stem, scale.resolution
    convolution(3, scale.input_channels, channels, side)
    for place, digit in enumerate(text):
        stage = (0, 0, 1, 1, 1, 2, 2, 2)[place]
        first = place in (0, 2, 5)
        stride = scale.strides[stage] if first else 1
        outputs, after = scale.widths[stage], len(range(0, side, stride))
        if digit == "0" and first:
            convolution(1, channels, outputs, after)
        if digit in "12":
            kernel, hidden = (3, 3 * channels) if digit == "1" else (5, 6 * channels)
            convolution(1, channels, hidden, side)
            convolution(kernel, 1, hidden, after)
            convolution(1, hidden, outputs, after)
        channels, side = outputs, after
    convolution(1, channels, scale.head, side)
    head = scale.head
    return weights + (head + 1) * scale.classes, multiplications + head * scale.classes


@given(st.integers(0, SPACE.size - 1), SCALES)
def test_the_formula_counts_every_layer(code: int, scale: MacroScale) -> None:
    weights, multiplications = layer_by_layer(SPACE.format(code), scale)
    assert int(SPACE.parameters(code, scale)) == weights
    assert int(SPACE.multiply_adds(code, scale)) == multiplications


@given(SCALES)
def test_equal_networks_cost_the_same(scale: MacroScale) -> None:
    codes = SPACE.all_codes()
    for count in (SPACE.parameters, SPACE.multiply_adds):
        found = count(codes, scale)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, count(SPACE.canonical(codes), scale))
