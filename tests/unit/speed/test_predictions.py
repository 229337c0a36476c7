"""The fast scorer and the plain one predict the same class for the same image."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from baselines.supernets.nb201.prefix_tree import MEMORY
from baselines.supernets.parts.normalisation import ByGroup
from baselines.training.weights import StepRange, path_training
from benchmark.spaces.nb201 import decode
from tests.speed.plain_implementation import plain_logits
from tests.speed.scales import (
    PAPERS,
    SMALL,
    TRAINING,
    Scale,
    batches,
    both_networks,
    drawn_paths,
    noise,
    some_codes,
)

# At the papers' scale the plain scorer takes a second for each: 500 are an hour.
ARCHITECTURES = int(os.environ.get("NASBENCH_PREDICTIONS") or 0)
IMAGES, STEPS = 24, 30
OTHER_CLASS = 1e-4  # of the images at most: float ties


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch_norm", ["validation", "training"])
@pytest.mark.parametrize(("scale", "usual"), [(SMALL, 100), (PAPERS, 4)], ids=["small", "papers"])
def test_the_fast_scorer_predicts_what_the_plain_one_does(
    scale: Scale, usual: int, batch_norm: str
) -> None:
    architectures = ARCHITECTURES or usual
    plain, network = both_networks(scale.network)
    settings = replace(TRAINING, learning_rate=0.1)
    training = path_training(
        network,
        batches(scale.network, STEPS),
        drawn_paths(STEPS),
        StepRange(0, STEPS, STEPS),
        settings,
    )
    for _ in range(STEPS):
        training.step()
    plain.take_weights(network)
    counted = IMAGES if batch_norm == "training" else None
    plain.count_for_norms(counted)
    pixels = noise(scale.network, 2 * IMAGES if counted else IMAGES)

    codes = some_codes(architectures)
    channels_last = pixels.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        group = ByGroup(len(pixels), counted)
        chunks = network.many_logits(codes, channels_last, group, 1, MEMORY)
        fast = torch.cat([logits[:, -IMAGES:] for _, logits in chunks])
    slow = plain_logits(plain, decode(codes).tolist(), pixels)[:, -IMAGES:]

    different = int((fast.argmax(-1) != slow.argmax(-1)).sum())
    worst = float((fast - slow).abs().max())
    print(
        f"\n{different} of {fast[..., 0].numel():,} classes differ, logits by {worst:.1e} at most"
    )
    assert len(np.unique(slow.argmax(-1))) > 1
    assert different <= OTHER_CLASS * architectures * IMAGES
