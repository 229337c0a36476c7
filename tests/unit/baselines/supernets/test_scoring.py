from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pytest
import torch

from baselines.supernets.nb201 import prefix_tree
from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.parts.normalisation import ByGroup
from baselines.supernets.scoring import score_codes
from benchmark.errors import CheckError, InputError
from benchmark.images import Images, ImageSet
from benchmark.spaces.base import Codes
from tests.unit.baselines.naive import naive_logits, one_by_one
from tests.unit.baselines.tiny import SPACE, tiny_images, tiny_network, tiny_scale, tiny_scoring

LIVE = np.unique(SPACE.canonical(SPACE.all_codes()))
CODES = np.r_[LIVE[:1], np.sort(np.random.default_rng(3).choice(LIVE[1:], 30, replace=False))]
IMAGES = tiny_images(torch.float64)
NETWORK = tiny_network(tiny_scale(channels=2))


def ignore(images: int) -> None:
    pass


def naive_scores(score: str, images: int) -> list[float]:
    weights = dict(NETWORK.named_parameters())
    pixels, labels = IMAGES.valid.pixels[:images], IMAGES.valid.labels[:images]
    scores = []
    for code in CODES:
        with torch.no_grad():
            logits = naive_logits(weights, pixels, SPACE.decode(code).tolist(), cells=1)
        right, loss = 0, 0.0
        for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
            right += row.index(max(row)) == label
            loss += np.log(np.sum(np.exp(row))) - row[label]
        scores.append(100 * right / images if score == "accuracy" else -loss / images)
    return scores


@pytest.mark.parametrize("score", ["accuracy", "loss"])
@pytest.mark.parametrize("images", [5, 16])
def test_scores_equal_plain_computation(score: Literal["accuracy", "loss"], images: int) -> None:
    found = score_codes(NETWORK, CODES, IMAGES, tiny_scoring(images, score), ignore)
    assert found.dtype == np.float64
    assert found.shape == CODES.shape
    assert len(np.unique(found)) > 1
    np.testing.assert_allclose(found, naive_scores(score, images), rtol=1e-8)


@pytest.mark.parametrize("score", ["accuracy", "loss"])
@pytest.mark.parametrize("batch_norm", ["validation", "training"])
@pytest.mark.parametrize("cells", [1, 2])
def test_the_fast_way_scores_as_the_plain_way(
    cells: int,
    score: Literal["accuracy", "loss"],
    batch_norm: Literal["validation", "training"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, how = tiny_network(tiny_scale(2, cells)), tiny_scoring(8, score, batch_norm)
    found = score_codes(network, CODES, IMAGES, how, ignore)
    monkeypatch.setattr(CellSupernet, "many_logits", one_by_one)
    expected = score_codes(network, CODES, IMAGES, how, ignore)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_training_images_give_the_statistics_when_asked_to() -> None:
    """Validation images are then scored one at a time with the same result as together."""
    how = tiny_scoring(6, "loss", "training")
    together = score_codes(NETWORK, CODES, IMAGES, how, ignore)
    train, valid = IMAGES.train.first(6), IMAGES.valid.first(6)
    losses = []
    for place in range(6):
        pixels = torch.cat([train.pixels, valid.pixels[place : place + 1]])
        with torch.inference_mode():
            logits = torch.cat(
                [one for _, one in one_by_one(NETWORK, CODES, pixels, ByGroup(7, counted=6))]
            )
        losses.append(-logits[:, -1].log_softmax(1)[:, valid.labels[place]])
    np.testing.assert_allclose(together, -torch.stack(losses).mean(0), rtol=1e-8)
    assert not np.allclose(together, score_codes(NETWORK, CODES, IMAGES, tiny_scoring(6), ignore))


@pytest.mark.parametrize("batch_norm", ["validation", "training"])
def test_the_order_of_images_decides_nothing(
    batch_norm: Literal["validation", "training"],
) -> None:
    def shuffled(images: Images) -> Images:
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(1))
        return Images(images.pixels[order], images.labels[order])

    valid, train = IMAGES.valid, IMAGES.train.first(16)
    how = tiny_scoring(16, "loss", batch_norm)
    found = score_codes(NETWORK, CODES, ImageSet(train, valid, 10), how, ignore)
    images = ImageSet(shuffled(train), shuffled(valid), 10)
    np.testing.assert_allclose(score_codes(NETWORK, CODES, images, how, ignore), found, rtol=1e-8)


def test_a_score_does_not_hang_on_the_other_architectures() -> None:
    everything = score_codes(NETWORK, CODES, IMAGES, tiny_scoring(8), ignore)
    few = score_codes(NETWORK, CODES[::3], IMAGES, tiny_scoring(8), ignore)
    np.testing.assert_allclose(everything[::3], few, rtol=1e-9)


def test_scoring_changes_nothing_and_repeats_itself() -> None:
    weights = {name: weight.detach().clone() for name, weight in NETWORK.named_parameters()}
    first = score_codes(NETWORK, CODES, IMAGES, tiny_scoring(8), ignore)
    again = score_codes(NETWORK, CODES, IMAGES, tiny_scoring(8), ignore)
    assert first.tobytes() == again.tobytes()
    for name, weight in NETWORK.named_parameters():
        assert torch.equal(weight, weights[name])
    fresh = tiny_images(torch.float64)
    assert torch.equal(IMAGES.valid.pixels, fresh.valid.pixels)
    assert torch.equal(IMAGES.train.pixels, fresh.train.pixels)


@pytest.mark.parametrize(("batch_norm", "passed"), [("validation", 8), ("training", 16)])
def test_every_image_passed_is_counted(
    batch_norm: Literal["validation", "training"], passed: int
) -> None:
    counts: list[int] = []
    score_codes(NETWORK, CODES, IMAGES, tiny_scoring(8, "loss", batch_norm), counts.append)
    assert sum(counts) == passed * len(CODES)


@pytest.mark.parametrize(("images", "batch_norm"), [(17, "validation"), (25, "training")])
def test_images_that_do_not_exist_are_an_error(
    images: int, batch_norm: Literal["validation", "training"]
) -> None:
    with pytest.raises(InputError, match=f"{images} images are asked for, there are"):
        score_codes(NETWORK, CODES, IMAGES, tiny_scoring(images, "loss", batch_norm), ignore)


@pytest.mark.parametrize("score", ["accuracy", "loss"])
def test_diverged_weights_give_no_score(score: Literal["accuracy", "loss"]) -> None:
    network = tiny_network(tiny_scale(channels=2))
    with torch.no_grad():
        network.classifier.bias[0] = torch.nan  # argmax would still name a class
    with pytest.raises(CheckError, match="logits are not finite: lower the learning rate"):
        score_codes(network, CODES, IMAGES, tiny_scoring(8, score), ignore)


@pytest.mark.parametrize("failing", [[0], [2], [0, 1, 2], [1, 3, 4]])
def test_too_little_memory_makes_chunks_smaller(
    monkeypatch: pytest.MonkeyPatch, failing: list[int]
) -> None:
    monkeypatch.setitem(prefix_tree.CHUNK_BYTES, "cpu", 1 << 14)  # several chunks
    passed: list[int] = []
    expected = score_codes(NETWORK, CODES, IMAGES, tiny_scoring(8), passed.append)
    assert len(passed) > 5
    chunks, asked, again, notes = 0, list[int](), list[int](), list[str]()
    many_logits = CellSupernet.many_logits

    def logits(
        network: CellSupernet,
        codes: Codes,
        pixels: torch.Tensor,
        normalise: ByGroup,
        parts: int,
        memory: int,
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        nonlocal chunks
        asked.append(parts)
        for found in many_logits(network, codes, pixels, normalise, parts, memory):
            chunks += 1
            if chunks - 1 in failing:
                raise torch.OutOfMemoryError("CUDA out of memory")
            yield found

    monkeypatch.setattr(CellSupernet, "many_logits", logits)
    found = score_codes(NETWORK, CODES, IMAGES, tiny_scoring(8), again.append, note=notes.append)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert sum(again) == sum(passed)  # nothing is counted twice
    assert asked == [2**time for time in range(len(failing) + 1)]
    assert notes[-1] == (
        f"too little memory to score in chunks: they are {asked[-1]} times smaller now"
    )


def test_memory_for_no_architecture_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def logits(*arguments: Any) -> Iterator[tuple[slice, torch.Tensor]]:
        raise torch.OutOfMemoryError("CUDA out of memory")
        yield

    monkeypatch.setattr(CellSupernet, "many_logits", logits)
    with pytest.raises(torch.OutOfMemoryError, match="CUDA out of memory"):
        score_codes(NETWORK, CODES, IMAGES, tiny_scoring(8), ignore)
