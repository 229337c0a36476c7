from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from benchmark.spaces.accel.layers import AccelScale
from benchmark.spaces.registry import open_space

SPACE = open_space("accel")
FILE = "accel-nasbench/accel_nasbench_imagenet.csv"


class Count:
    """Counts the layers of a network as it passes them."""

    def __init__(self) -> None:
        self.parameters = 0
        self.multiply_adds = 0
        self.published = 0  # what the benchmark's file counts besides

    def convolution(
        self, kernel: int, inputs: int, outputs: int, side: int, *, groups: int = 1
    ) -> None:
        """Pass a convolution and BatchNorm, which counts four for each of its values."""
        weights = kernel**2 * inputs * outputs // groups
        self.parameters += weights + 2 * outputs
        self.multiply_adds += weights * side**2
        self.published += 4 * outputs * side**2

    def excitation(self, channels: int, squeezed: int, side: int) -> None:
        """Pass the mean of each channel, and two layers of that with bias."""
        self.parameters += channels * squeezed + squeezed + squeezed * channels + channels
        self.multiply_adds += 2 * channels * squeezed
        self.published += channels * (side**2 + 1)


def counted(text: str, scale: AccelScale) -> Count:
    """Walk the layers of an architecture."""
    e, k, l, se = (part.lstrip("ekls") for part in text.split("-"))  # noqa: E741
    count, channels = Count(), scale.stem
    side = len(range(0, scale.resolution, scale.stem_stride))
    count.convolution(3, scale.input_channels, channels, side)
    for stage in range(7):
        for place in range(int(l[stage])):
            stride = 1 if place else scale.strides[stage]
            hidden, after = channels * int(e[stage]), len(range(0, side, stride))
            if e[stage] != "1":
                count.convolution(1, channels, hidden, side)
            count.convolution(int(k[stage]), hidden, hidden, after, groups=hidden)
            if se[stage] == "1":
                count.excitation(hidden, max(1, channels // 4), after)
            channels, side = scale.widths[stage], after
            count.convolution(1, hidden, channels, side)
    count.convolution(1, channels, scale.head, side)
    count.published += scale.head * (side**2 + 1)
    count.parameters += (scale.head + 1) * scale.classes
    count.multiply_adds += scale.head * scale.classes
    return count


def test_the_file_counts_the_same_parameters_and_what_it_counts_besides(shared: Path) -> None:
    with (shared / FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    codes = SPACE.to_codes([",".join(row[kind] for kind in ("e", "k", "l", "se")) for row in rows])
    params = np.array([round(1e6 * float(row["params_M"])) for row in rows])
    macs = np.array([round(1e6 * float(row["macs_M"])) for row in rows])
    top1 = np.array([float(row["val_top1"]) for row in rows])
    own_params = SPACE.parameters(codes, SPACE.table_scale)
    own_macs = SPACE.multiply_adds(codes, SPACE.table_scale)
    np.testing.assert_array_equal(own_params, params)
    scale = SPACE.table_scale
    assert isinstance(scale, AccelScale)
    besides = np.array([counted(SPACE.format(code), scale).published for code in codes.tolist()])
    np.testing.assert_array_equal(own_macs + besides, macs)
    # the references for any ranking of these architectures
    assert round(kendalltau(params, top1).statistic, 3) == 0.621
    assert round(kendalltau(macs, top1).statistic, 3) == 0.441
    assert round(kendalltau(own_macs, top1).statistic, 3) == 0.464


SCALES = st.builds(
    AccelScale,
    resolution=st.integers(1, 40),
    classes=st.integers(1, 9),
    input_channels=st.integers(1, 4),
    stem=st.integers(1, 20),
    widths=st.tuples(*[st.integers(1, 20)] * 7),
    head=st.integers(1, 20),
    stem_stride=st.integers(1, 3),
    strides=st.tuples(*[st.integers(1, 3)] * 7),
)


@given(st.lists(st.integers(0, SPACE.size - 1), min_size=1, max_size=3), SCALES)
def test_the_formula_counts_every_layer(codes: list[int], scale: AccelScale) -> None:
    counts = [counted(SPACE.format(code), scale) for code in codes]
    assert SPACE.parameters(codes, scale).tolist() == [count.parameters for count in counts]
    assert SPACE.multiply_adds(codes, scale).tolist() == [count.multiply_adds for count in counts]


def test_the_numbers_of_efficientnet_b0() -> None:
    """EfficientNet-B0 has 5,288,548 parameters in torchvision, which is this network."""
    code = SPACE.parse("e1666666-k3353553-l1223341-se1111111")
    assert int(SPACE.parameters(code, SPACE.table_scale)) == 5_288_548
