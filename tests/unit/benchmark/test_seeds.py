from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.seeds import LARGEST, MOST, Streams, checked_seed, fingerprint, parse_seeds

NAMES = ["weights", "batches", "paths", "splits", ""]
SEEDS = st.integers(0, LARGEST)

# printf '3:batches' | sha256sum
DIGEST = "c43100f0eb6934ea0f1ddd9cab59ca33af50831f64033ee29474dcee5c76ef7a"


def torch_draws(generator: torch.Generator) -> list[int]:
    return list(torch.randint(2**62, (4,), generator=generator).tolist())


def numpy_draws(generator: np.random.Generator) -> list[int]:
    return [int(number) for number in generator.integers(2**62, size=4)]


def test_the_recipe() -> None:
    first = int.from_bytes(bytes.fromhex(DIGEST[:16]), "little")
    whole = sum(byte << 8 * place for place, byte in enumerate(bytes.fromhex(DIGEST)))
    assert Streams(3).torch("batches").initial_seed() == first
    assert torch_draws(Streams(3).torch("batches")) == torch_draws(
        torch.Generator().manual_seed(first)
    )
    assert numpy_draws(Streams(3).numpy("batches")) == numpy_draws(np.random.default_rng(whole))


@given(seed=SEEDS)
def test_each_call_starts_at_the_start(seed: int) -> None:
    streams = Streams(seed)
    torch_first, numpy_first = streams.torch("a"), streams.numpy("a")
    expected = torch_draws(torch_first), numpy_draws(numpy_first)
    torch_draws(streams.torch("b")), numpy_draws(streams.numpy("b"))
    assert (torch_draws(streams.torch("a")), numpy_draws(streams.numpy("a"))) == expected
    assert torch_draws(torch_first) != expected[0]
    assert numpy_draws(numpy_first) != expected[1]


def test_another_process_sees_the_same() -> None:
    program = (
        "import torch; from benchmark.seeds import Streams; s = Streams(11);"
        "print(torch.randint(2**62, (4,), generator=s.torch('τ')).tolist());"
        "print(s.numpy('τ').integers(2**62, size=4).tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    streams = Streams(11)
    expected = [str(torch_draws(streams.torch("τ"))), str(numpy_draws(streams.numpy("τ")))]
    assert done.stdout.splitlines() == expected


def test_streams_differ_from_each_other_and_from_what_the_seed_alone_gives() -> None:
    seeds = [0, 1, 2, 11, LARGEST]
    of_torch = [torch_draws(Streams(seed).torch(name)) for seed in seeds for name in NAMES]
    of_numpy = [numpy_draws(Streams(seed).numpy(name)) for seed in seeds for name in NAMES]
    of_torch += [torch_draws(torch.Generator().manual_seed(seed)) for seed in seeds]
    of_numpy += [numpy_draws(np.random.default_rng(seed)) for seed in seeds]
    for draws in (of_torch, of_numpy):
        assert all(one != other for one, other in itertools.combinations(draws, 2))


def test_the_global_generators_are_left_alone() -> None:
    before = torch.get_rng_state()
    torch_draws(Streams(0).torch("a"))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("seed", [-1, LARGEST + 1, 1.0, True, "3", None])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(InputError, match=r"must be an integer from 0 to 4,294,967,295$"):
        Streams(seed)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        checked_seed(seed)


@given(count=st.integers(1, MOST))
def test_a_number_is_a_count(count: int) -> None:
    assert parse_seeds(str(count)) == tuple(range(count))


@given(
    seeds=st.lists(SEEDS, min_size=1, max_size=9, unique=True), end=st.sampled_from(["", ",", ", "])
)
def test_commas_make_a_list(seeds: list[int], end: str) -> None:
    if len(seeds) == 1:
        end = end or ","
    assert parse_seeds(",".join(map(str, seeds)) + end) == tuple(seeds)
    assert parse_seeds(" , ".join(map(str, seeds)) + end) == tuple(seeds)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "'' is not a whole number from 1 to 10,000"),
        ("0", "'0' is not a whole number from 1 to 10,000"),
        ("-1", "'-1' is not a whole number from 1 to 10,000"),
        ("10001", "'10001' is not a whole number from 1 to 10,000"),
        ("9" * 5000, "is not a whole number from 1 to 10,000"),
        ("five", "'five' is not a whole number"),
        ("1_0", "'1_0' is not a whole number"),
        ("٣", "'٣' is not a whole number"),
        ("1.5", "'1.5' is not a whole number"),
        ("a\nb", r"'a\nb' is not a whole number"),
        (",", "'' is not a whole number from 0 to 4,294,967,295"),
        ("3,,7", "'' is not a whole number from 0 to 4,294,967,295"),
        (",3", "'' is not a whole number from 0 to 4,294,967,295"),
        ("3,-7", "'-7' is not a whole number from 0 to 4,294,967,295"),
        ("3,4294967296", "'4294967296' is not a whole number from 0 to 4,294,967,295"),
        ("3,7,03", "it repeats a seed"),
        (",".join(map(str, range(10_001))), "10,001 seeds are more than 10,000"),
    ],
)
def test_what_asks_for_no_seeds_is_one_line(text: str, fault: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_seeds(text)
    message = str(caught.value)
    assert fault in message
    assert message.endswith("like 5 (seeds 0 to 4) or a list like 3,7 (one seed: 3,)")
    assert "\n" not in message
    assert len(message) < 300


@given(text=st.text())
@example(text="7\x1f")  # a blank to str.strip, but not to int
def test_any_text_gives_seeds_or_one_line(text: str) -> None:
    try:
        seeds = parse_seeds(text)
    except InputError as error:
        message = str(error)
    else:
        message = ""
        assert all(checked_seed(seed) == seed for seed in seeds)
    assert len(message.splitlines()) <= 1


def test_used_streams_are_listed() -> None:
    streams = Streams(11)
    assert streams.drawn == {}
    streams.numpy("paths")
    streams.torch("batches")
    streams.torch("batches")
    starts = {name: hashlib.sha256(f"11:{name}".encode()).hexdigest() for name in streams.drawn}
    assert streams.drawn == {name: starts[name][:16] for name in ("paths", "batches")}
    assert streams == Streams(11)


def test_fingerprints_tell_seeds_and_names_apart() -> None:
    found = {fingerprint(seed, name) for seed in range(100) for name in NAMES}
    assert len(found) == 100 * len(NAMES)
