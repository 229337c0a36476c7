from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.supernets.base import Supernet
from baselines.supernets.chain import prefixes
from baselines.supernets.chain.layer import ChoiceLayer
from baselines.supernets.chain.prefixes import TEMPORARY, chunk_sizes
from baselines.supernets.parts.normalisation import ByGroup, Normalise
from benchmark.spaces.base import Codes
from benchmark.spaces.macro.layers import MacroScale
from benchmark.spaces.registry import open_space
from tests.unit.baselines.supernets.macro.tiny import macro_images, macro_network

SPACE = open_space("macro")
CANONICAL = np.unique(SPACE.canonical(SPACE.all_codes()))
NETWORK = macro_network()
IMAGES = macro_images(4)
MEMORY = 1 << 30

SCATTERED = st.lists(st.sampled_from(CANONICAL.tolist()), min_size=1, max_size=12, unique=True)
RUNS = st.integers(0, len(CANONICAL) - 1).map(lambda start: CANONICAL[start : start + 20].tolist())
SUBSETS = (SCATTERED | RUNS).map(lambda codes: np.array(sorted(codes)))


def collect(
    codes: Codes, normalise: ByGroup, parts: int = 1, memory: int = MEMORY
) -> tuple[list[slice], Tensor]:
    with torch.inference_mode():
        pairs = list(NETWORK.many_logits(codes, IMAGES, normalise, parts, memory))
    return [places for places, _ in pairs], torch.cat([logits for _, logits in pairs])


def one_by_one(codes: Codes, normalise: ByGroup) -> Tensor:
    with torch.inference_mode():
        pairs = Supernet.many_logits(NETWORK, codes, IMAGES, normalise, 1, MEMORY)
        return torch.cat([logits for _, logits in pairs])


@settings(max_examples=15)
@given(SUBSETS, st.sampled_from([1, 2, 5, 1000]), st.sampled_from([None, 1, 3]))
def test_logits_equal_those_of_one_path_at_a_time(
    codes: Codes, kilobytes: int, counted: int | None
) -> None:
    normalise = ByGroup(len(IMAGES), counted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "CHUNK_BYTES", {"cpu": kilobytes << 10})
        places, found = collect(codes, normalise)
    assert [place for part in places for place in range(len(codes))[part]] == [*range(len(codes))]
    torch.testing.assert_close(found, one_by_one(codes, normalise), rtol=1e-7, atol=1e-7)


def test_layers_are_passed_once_for_each_different_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 0
    forward = ChoiceLayer.forward

    def counted(layer: ChoiceLayer, x: Tensor, chosen: int, normalise: Normalise) -> Tensor:
        nonlocal passed
        passed += len(x) // len(IMAGES)
        return forward(layer, x, chosen, normalise)

    monkeypatch.setattr(ChoiceLayer, "forward", counted)
    codes = CANONICAL[::7]
    collect(codes, ByGroup(len(IMAGES)))
    paths = SPACE.decode(codes)
    assert passed == sum(len(np.unique(paths[:, :length], axis=0)) for length in range(1, 9))


def test_smaller_parts_and_less_memory_make_chunks_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prefixes, "CHUNK_BYTES", {"cpu": 1 << 16})

    def sizes(**limits: int) -> list[int]:
        places, _ = collect(CANONICAL[:200], ByGroup(len(IMAGES)), **limits)
        return [part.stop - part.start for part in places]

    usual = max(sizes())
    assert usual > 8
    assert 1 < max(sizes(parts=2)) < usual
    assert set(sizes(parts=1 << 12)) == set(sizes(memory=1)) == {1}
    assert 1 < max(sizes(memory=220_000)) < usual


@given(st.integers(1, 8), st.integers(10, 24))
def test_chunks_are_reckoned_to_fit_the_memory(parts: int, bits: int) -> None:
    layers, x = list(NETWORK.choice_layers()), torch.empty(4, 3, 6, 6, dtype=torch.float64)
    most = chunk_sizes(x, layers, 7, parts, 1 << bits)
    sides = [6, 6, 6, 3, 3, 3, 2, 2, 2]
    inputs, outputs = [3, 4, 4, 5, 5, 5, 6, 6], [4, 4, 5, 5, 5, 6, 6, 6]
    unit = 4 * 8  # images, bytes
    widest = [
        unit * max(6 * wide * side**2, out * after**2)
        for wide, out, side, after in zip(inputs, outputs, sides, sides[1:], strict=False)
    ]
    widest[-1] = max(widest[-1], unit * 7 * 4)
    held = sum(
        count * unit * out * side**2
        for count, out, side in zip(most, outputs, sides[1:], strict=True)
    )
    passing = max(count * size for count, size in zip(most, widest, strict=True))
    assert held + TEMPORARY * passing <= 1 << bits or max(most) == 1
    assert passing <= max(prefixes.CHUNK_BYTES["cpu"] // parts, *widest)


def test_no_more_maps_are_alive_than_are_reckoned_with() -> None:
    """PyTorch's own record of what is allocated while many architectures pass."""
    scale = MacroScale(stem=4, widths=(8, 8, 8), head=16, resolution=8, input_channels=1)
    network = macro_network(scale).float()
    images, memory = macro_images(8, scale).float(), 300_000
    codes = CANONICAL[-100:]
    with (
        torch.inference_mode(),
        torch.profiler.profile(profile_memory=True, acc_events=True) as seen,
    ):
        chunks = list(network.many_logits(codes, images, ByGroup(8), 1, memory))
    assert max(len(logits) for _, logits in chunks) > 1
    assert seen.profiler is not None
    assert seen.profiler.kineto_results is not None
    events = seen.profiler.kineto_results.events()
    changes = [(event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]"]
    held = np.cumsum([change for _, change in sorted(changes)])
    logits = len(codes) * len(images) * 10 * 4  # which the list keeps
    assert memory / 4 < held.max() <= memory + 2 * logits


@pytest.mark.parametrize("counted", [None, 3])
def test_convolutions_may_return_channels_first(
    counted: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, normalise = CANONICAL[::150], ByGroup(len(IMAGES), counted)
    _, expected = collect(codes, normalise)
    convolve: Callable[..., Tensor] = F.conv2d

    def channels_first(*arguments: Any, **options: Any) -> Tensor:
        return convolve(*arguments, **options).contiguous()

    monkeypatch.setattr(F, "conv2d", channels_first)
    _, found = collect(codes, normalise)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
