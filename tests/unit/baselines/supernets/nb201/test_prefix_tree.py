from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.supernets.nb201 import prefix_tree
from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.nb201.operations import CellNode, Edge
from baselines.supernets.parts.normalisation import ByGroup, Normalise
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201 import EDGES, NONE, decode, live_codes
from tests.unit.baselines.naive import one_by_one
from tests.unit.baselines.tiny import tiny_images, tiny_network, tiny_scale

LIVE = np.unique(live_codes())
NETWORKS = {cells: tiny_network(tiny_scale(channels=2, cells=cells)) for cells in (1, 2)}
PIXELS = tiny_images(torch.float64).valid.pixels[:4]
MAP_BYTES = len(PIXELS) * 2 * 8 * 8 * 8  # of one architecture: images, channels, pixels, a double

# Runs of neighbours and scattered codes; code 0, the disconnected ones, is often there.
SCATTERED = st.lists(st.sampled_from(LIVE.tolist()), min_size=1, max_size=12, unique=True)
RUNS = st.integers(0, len(LIVE) - 1).map(lambda start: LIVE[start : start + 20].tolist())
SUBSETS = st.builds(
    lambda codes, extra: np.unique(np.array([*codes, *extra])),
    SCATTERED | RUNS,
    st.sampled_from([[], [0]]),
)


def collect(
    codes: Codes, pixels: Tensor, normalise: ByGroup, network: CellSupernet
) -> tuple[list[slice], Tensor]:
    with torch.inference_mode():
        pairs = list(network.many_logits(codes, pixels, normalise, 1, prefix_tree.MEMORY))
    return [places for places, _ in pairs], torch.cat([logits for _, logits in pairs])


@settings(max_examples=40)
@given(SUBSETS, st.sampled_from([1, 2]), st.integers(1, 9), st.sampled_from([None, 1, 3]))
def test_logits_equal_those_of_one_path_at_a_time(
    codes: Codes, cells: int, most: int, counted: int | None
) -> None:
    network, normalise = NETWORKS[cells], ByGroup(len(PIXELS), counted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_tree, "CHUNK_BYTES", {"cpu": most * MAP_BYTES})
        places, found = collect(codes, PIXELS, normalise, network)
    assert [place for part in places for place in range(len(codes))[part]] == [*range(len(codes))]
    assert max(part.stop - part.start for part in places) <= most
    with torch.inference_mode():
        expected = [logits for _, logits in one_by_one(network, codes, PIXELS, normalise)]
    torch.testing.assert_close(found, torch.cat(expected), rtol=1e-7, atol=1e-7)


def test_a_chunk_holds_one_architecture_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefix_tree, "CHUNK_BYTES", {"cpu": 1})
    places, found = collect(LIVE[:7], PIXELS, ByGroup(len(PIXELS)), NETWORKS[1])
    assert len(places) == len(found) == 7


def test_memory_bounds_what_is_passed_together() -> None:
    normalise, bound = ByGroup(len(PIXELS)), 60 * MAP_BYTES
    with torch.inference_mode():
        pairs = list(NETWORKS[1].many_logits(LIVE[-40:], PIXELS, normalise, 1, bound))
    sizes = [places.stop - places.start for places, _ in pairs]
    assert max(sizes) == (60 - prefix_tree.FIRST_CELL_MAPS) // prefix_tree.CHUNK_MAPS == 3
    _, expected = collect(LIVE[-40:], PIXELS, normalise, NETWORKS[1])
    torch.testing.assert_close(torch.cat([logits for _, logits in pairs]), expected)


@pytest.mark.parametrize("counted", [None, 3])
def test_convolutions_may_return_channels_first(
    counted: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, normalise = LIVE[::300], ByGroup(len(PIXELS), counted)
    _, expected = collect(codes, PIXELS, normalise, NETWORKS[2])
    convolve = F.conv2d

    def channels_first(*arguments: Any, **options: Any) -> Tensor:
        return convolve(*arguments, **options).contiguous()

    monkeypatch.setattr(F, "conv2d", channels_first)
    _, found = collect(codes, PIXELS, normalise, NETWORKS[2])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_no_more_maps_are_alive_than_are_reckoned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's own record of what is allocated while architectures of all kinds pass."""
    most, codes = 10, LIVE[-800::20]
    network, pixels = copy.deepcopy(NETWORKS[1]).float(), PIXELS.float()
    monkeypatch.setattr(prefix_tree, "CHUNK_BYTES", {"cpu": most * MAP_BYTES // 2})
    with torch.profiler.profile(profile_memory=True, acc_events=True) as seen:
        collect(codes, pixels, ByGroup(len(pixels)), network)
    assert seen.profiler is not None
    assert seen.profiler.kineto_results is not None
    events = seen.profiler.kineto_results.events()
    changes = [(event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]"]
    held = np.cumsum([change for _, change in sorted(changes)])
    reckoned = (prefix_tree.FIRST_CELL_MAPS + prefix_tree.CHUNK_MAPS * most) * MAP_BYTES // 2
    logits = len(codes) * len(pixels) * 10 * 4  # which `collect` keeps
    assert reckoned / 4 < held.max() <= reckoned + 2 * logits


def test_the_first_cell_shares_what_architectures_share(monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORKS[1]
    first = set(next(network.cells()).edges)
    applied = 0
    forward = Edge.forward

    def counted(edge: Edge, node: CellNode, operation: int, normalise: Normalise) -> Tensor:
        nonlocal applied
        applied += edge in first
        return forward(edge, node, operation, normalise)

    monkeypatch.setattr(Edge, "forward", counted)
    monkeypatch.setattr(prefix_tree, "CHUNK_BYTES", {"cpu": 40 * MAP_BYTES})
    collect(LIVE, PIXELS, ByGroup(len(PIXELS)), network)

    edges_before = {0: 0, 1: 1, 2: 3}  # how many of the six lead to a node or nodes before it
    different = {
        (edge, *path[: edges_before[source]], path[edge])
        for path in decode(LIVE).tolist()
        for edge, (source, _) in enumerate(EDGES)
        if path[edge] != NONE
    }
    assert applied == len(different) == 444
