from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.spaces.mobilenet.layers import TABLE_SCALE, MobileNetScale, layer_shapes, rounded
from benchmark.spaces.registry import open_space

SPACE = open_space("mobilenet")

Counts = NDArray[np.int64]


def convolution(kernel: int, inputs: int, outputs: int, side: int, groups: int = 1) -> Counts:
    """Return weights with BatchNorm, and multiplications."""
    weights = kernel * kernel * inputs * outputs // groups
    return np.array([weights + 2 * outputs, weights * side * side])


def bottleneck(name: str, inputs: int, outputs: int, before: int, stride: int) -> Counts:
    kernel, expansion = int(name[1]), int(name[3])
    hidden, after = inputs * expansion, len(range(0, before, stride))
    counts = convolution(kernel, hidden, hidden, after, groups=hidden)
    counts = counts + convolution(1, hidden, outputs, after)
    return counts + convolution(1, inputs, hidden, before) if expansion > 1 else counts


# The networks that ProxylessNAS found [arXiv 1812.00332, figure 4], and their numbers of parameters
# in https://github.com/osmr/imgclsmob, which converted them with their weights.
MOBILE = [
    ["k5e3", "k3e3", "zero", "zero"],
    ["k7e3", "k3e3", "k5e3", "k5e3"],
    ["k7e6", "k5e3", "k5e3", "k5e3"],
    ["k5e6", "k5e3", "k5e3", "k5e3"],
    ["k7e6", "k7e6", "k7e3", "k7e3"],
    ["k7e6"],
]
GPU = [
    ["k5e3", "zero", "zero", "zero"],
    ["k7e3", "zero", "zero", "k3e3"],
    ["k7e6", "zero", "zero", "k5e3"],
    ["k5e6", "zero", "k3e3", "k5e3"],
    ["k7e6", "k7e6", "k7e6", "k5e6"],
    ["k7e6"],
]
CPU = [
    ["k3e6", "k3e3", "k3e3", "k3e3"],
    ["k3e6", "k3e3", "k3e3", "k5e3"],
    ["k3e6", "zero", "zero", "k3e3"],
    ["k5e6", "k3e3", "k3e3", "k3e3"],
    ["k5e6", "k5e3", "k5e3", "k3e3"],
    ["k5e6"],
]
PUBLISHED = {
    "mobile": (MOBILE, 32, 16, (32, 40, 80, 96, 192, 320), 1280, 4_080_512),
    "mobile 1.4": (MOBILE, 48, 24, (40, 56, 112, 136, 256, 448), 1792, 6_857_568),
    "CPU": (CPU, 40, 24, (32, 48, 88, 104, 216, 360), 1432, 4_361_648),
    "GPU": (GPU, 40, 24, (32, 56, 112, 128, 256, 432), 1728, 7_119_848),
}


@pytest.mark.parametrize("network", PUBLISHED)
def test_published_networks_have_the_published_parameters(network: str) -> None:
    stages, stem, first, widths, head, expected = PUBLISHED[network]
    scale = MobileNetScale(
        resolution=224, classes=1000, stem=stem, first=first, widths=widths, head=head
    )
    code = SPACE.parse("|".join("-".join(stage) for stage in stages))
    assert int(SPACE.parameters(code, scale)) == expected


def test_a_network_written_out_layer_by_layer() -> None:
    """The searched network for mobile phones, with the widths of the search."""
    code = SPACE.parse("|".join("-".join(stage) for stage in MOBILE))
    layers = [
        # kernel² · inputs · outputs, and outputs normalised; then the side of the maps after it
        (3 * 3 * 3 * 32, 32, 112),  # stem, stride 2
        (3 * 3 * 32, 32, 112),  # the fixed block: no expansion
        (32 * 16, 16, 112),
        (16 * 48, 48, 112),  # stage 1, stride 2
        (5 * 5 * 48, 48, 56),
        (48 * 24, 24, 56),
        (24 * 72, 72, 56),
        (3 * 3 * 72, 72, 56),
        (72 * 24, 24, 56),
        (24 * 72, 72, 56),  # stage 2, stride 2
        (7 * 7 * 72, 72, 28),
        (72 * 40, 40, 28),
        *3 * [(40 * 120, 120, 28)],  # kernels 3, 5 and 5
        (3 * 3 * 120, 120, 28),
        *2 * [(5 * 5 * 120, 120, 28)],
        *3 * [(120 * 40, 40, 28)],
        (40 * 240, 240, 28),  # stage 3, stride 2
        (7 * 7 * 240, 240, 14),
        (240 * 80, 80, 14),
        *3 * [(80 * 240, 240, 14), (5 * 5 * 240, 240, 14), (240 * 80, 80, 14)],
        (80 * 480, 480, 14),  # stage 4, stride 1
        (5 * 5 * 480, 480, 14),
        (480 * 96, 96, 14),
        *3 * [(96 * 288, 288, 14), (5 * 5 * 288, 288, 14), (288 * 96, 96, 14)],
        (96 * 576, 576, 14),  # stage 5, stride 2
        (7 * 7 * 576, 576, 7),
        (576 * 192, 192, 7),
        (192 * 1152, 1152, 7),
        (7 * 7 * 1152, 1152, 7),
        (1152 * 192, 192, 7),
        *2 * [(192 * 576, 576, 7), (7 * 7 * 576, 576, 7), (576 * 192, 192, 7)],
        (192 * 1152, 1152, 7),  # stage 6
        (7 * 7 * 1152, 1152, 7),
        (1152 * 320, 320, 7),
        (320 * 1280, 1280, 7),  # head
    ]
    weights = sum(weights + 2 * outputs for weights, outputs, _ in layers)
    multiplications = sum(weights * side**2 for weights, _, side in layers)
    assert int(SPACE.parameters(code, SPACE.table_scale)) == weights + 1281 * 1000
    assert int(SPACE.multiply_adds(code, SPACE.table_scale)) == multiplications + 1280 * 1000


SCALES = st.builds(
    MobileNetScale,
    resolution=st.integers(1, 40),
    classes=st.integers(1, 9),
    input_channels=st.integers(1, 4),
    stem=st.integers(1, 40),
    first=st.integers(1, 40),
    widths=st.tuples(*[st.integers(1, 40)] * 6),
    head=st.integers(1, 40),
    width_percent=st.integers(1, 200),
    width_multiple=st.integers(1, 9),
    stem_stride=st.integers(1, 3),
    strides=st.tuples(*[st.integers(1, 3)] * 6),
)


@given(st.integers(0, SPACE.size - 1), SCALES)
def test_the_formula_counts_every_layer(code: int, scale: MobileNetScale) -> None:
    def width(channels: int) -> int:
        share = channels * scale.width_percent / 100
        return make_divisible(share, scale.width_multiple)

    side = len(range(0, scale.resolution, scale.stem_stride))
    stem, channels, head = width(scale.stem), width(scale.first), width(scale.head)
    total = convolution(3, scale.input_channels, stem, side)
    total = total + bottleneck("k3e1", stem, channels, side, 1)
    for number, stage in enumerate(SPACE.format(code).split("|")):
        for place, name in enumerate(stage.split("-")):
            stride = 1 if place else scale.strides[number]
            outputs = width(scale.widths[number])
            if name != "zero":
                total = total + bottleneck(name, channels, outputs, side, stride)
            channels, side = outputs, len(range(0, side, stride))
    total = total + convolution(1, channels, head, side)
    total = total + np.array([(head + 1) * scale.classes, head * scale.classes])
    assert [int(SPACE.parameters(code, scale)), int(SPACE.multiply_adds(code, scale))] == [*total]
    same = int(SPACE.canonical(code))
    assert SPACE.parameters(code, scale) == SPACE.parameters(same, scale)
    assert SPACE.multiply_adds(code, scale) == SPACE.multiply_adds(same, scale)


def make_divisible(share: float, divisor: int) -> int:
    """Return the rule of MobileNetV2's program: halves up, and not more than 10 % down."""
    new = max(divisor, int(share + divisor / 2) // divisor * divisor)
    return new + divisor if new < 0.9 * share - 1e-9 else new


def test_widths_are_rounded_as_in_the_published_programs() -> None:
    # MobileNetV2 1.4: 32, 16, 24, 32, 64, 96, 160, 320 channels
    found = [rounded(width, 140, 8) for width in (32, 16, 24, 32, 64, 96, 160, 320)]
    assert found == [48, 24, 32, 48, 88, 136, 224, 448]


def test_the_defaults_are_the_search_on_imagenet() -> None:
    layers = layer_shapes(TABLE_SCALE)
    assert [layer.outputs for layer in layers[::4]] == [24, 40, 80, 96, 192, 320]
    assert [layer.stride for layer in layers[::4]] == [2, 2, 2, 1, 2, 1]
    assert [layer.after for layer in layers[3::4]] == [56, 28, 14, 14, 7]
    assert (layers[0].inputs, layers[0].before, layers[20].after) == (16, 112, 7)
    assert [layer.is_residual for layer in layers] == [layer.place > 0 for layer in layers]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": (8, 8)}, r"widths is \(8, 8\): give one number for each of 6 stages"),
        ({"strides": (1,) * 7}, "give one number for each of 6 stages"),
        ({"strides": (1, 1, 1, 1, 1, 0)}, "strides is .* it must be integers of 1 or more"),
        ({"width_percent": 0}, "width_percent is 0: it must be an integer of 1 or more"),
        ({"stem": 2.5}, "stem is 2.5: it must be an integer of 1 or more"),
    ],
)
def test_impossible_sizes_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MobileNetScale(**settings)  # type: ignore[arg-type]


def test_settings_of_a_task_give_a_scale() -> None:
    settings = {
        "stem": 32,
        "first": 16,
        "widths": [24, 40, 80, 96, 192, 320],
        "head": 1280,
        "width_percent": 25,
        "width_multiple": 8,
        "stem_stride": 1,
        "strides": [1, 2, 2, 1, 2, 1],
    }
    scale = SPACE.scale(settings, resolution=28, classes=10, input_channels=1)
    assert isinstance(scale, MobileNetScale)
    assert scale.strides == (1, 2, 2, 1, 2, 1)
    assert layer_shapes(scale)[-1].after == 4
    assert scale.describe() == "320 last channels, 28×28 pixels"
