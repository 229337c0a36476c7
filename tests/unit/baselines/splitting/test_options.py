from __future__ import annotations

from typing import Any

import pytest

from baselines.gm import Gm
from baselines.registry import method_class
from baselines.splitting import SplittingOptions
from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.task import parse_task
from tests.command_line import TINY_PRESET
from tests.unit.baselines.tiny import BATCH, FULL, OPTIONS, SPACE

PAIR = "0→2 & 1→2"


def options_of(**changes: Any) -> SplittingOptions:
    return Gm({**OPTIONS["gm"], **changes}).options


@pytest.mark.parametrize("change", [{"groups": [2]}, {"groups": [2, 3]}])
def test_many_options_need_the_spectral_cut(change: dict[str, Any]) -> None:
    """Two edges of five operations have 25 options together."""
    options = {**OPTIONS["gm"], "among": [PAIR, "0→1"], **change}
    task = parse_task("tiny", TINY_PRESET)
    with pytest.raises(InputError, match=r"25 options have .*, too many to try each: let cut"):
        Gm(options).plan(task, 24)
    spectral = {**options, "cut": "spectral", "warm_up": 0.0, "between": 0.0}
    assert Gm(spectral).plan(task, 24).levels[0].matching == (1 + 24 + 4) * BATCH
    unmatched = {**options, "decision": "random", "partition": "random"}
    assert Gm(unmatched).plan(task, 24).levels[0].matching == 0


@pytest.mark.parametrize("method", ["one-shot", "few-shot", "gm", "gm-random"])
def test_a_plan_asks_no_base_without_parameters_for_the_strongest(method: str) -> None:
    """Else the run would end with this error after all its training."""
    text = TINY_PRESET.replace('by = "candidates"', 'by = "strongest"')
    made = method_class(method)(OPTIONS[method])
    with pytest.raises(InputError, match=r"base rsps has no .* set .selection. by to candidates"):
        made.plan(parse_task("tiny", text), 24)
    made.plan(parse_task("tiny", text.replace('base = "rsps"', 'base = "darts"')), 24)


def test_edges_of_which_a_node_keeps_two_are_not_matched_three_at_once() -> None:
    three = " & ".join(f"normal {source}→3" for source in range(3))
    options = options_of(among=[three, "normal 0→3"], groups=[2], cut="spectral")
    with pytest.raises(InputError, match=r"edges from \[0, 1, 2\] into node 3 .* kept together"):
        options.check(open_space("darts"))
    two = options_of(among=["normal 0→3 & normal 2→3"], groups=[2], cut="spectral")
    two.check(open_space("darts"))


@pytest.mark.parametrize(
    ("among", "expected"),
    [
        (["*"], [(0,), (1,), (2,), (3,), (4,), (5,)]),
        (["0*"], [(0,), (1,), (3,)]),
        (["?->3", "0→1"], [(0,), (3,), (4,), (5,)]),
        (["2→3", "0->1", "2→3"], [(0,), (5,)]),
        (["[01]→2"], [(1,), (2,)]),
        ([PAIR], [(1, 2)]),
        ([PAIR, "1→2", "2->3 & 0->1"], [(1, 2), (2,), (5, 0)]),
    ],
)
def test_patterns_say_what_may_be_split(among: list[str], expected: list[tuple[int, ...]]) -> None:
    options = options_of(among=among, groups=[2])
    assert options.candidates(SPACE) == expected
    assert options.at_level(FULL, 0) == expected


def test_what_was_split_alone_or_with_others_is_not_split_again() -> None:
    options = options_of(among=["*", PAIR], groups=[2, 2, 6])
    everything = options.candidates(SPACE)
    assert everything == [(0,), (1,), (1, 2), (2,), (3,), (4,), (5,)]
    alone, _ = FULL.split([1], [[(0,), (1,)], [(2,), (3,), (4,)]])
    assert options.at_level(alone, 1) == [(0,), (2,), (3,), (4,), (5,)]
    together = FULL.options([1, 2])
    part, _ = FULL.split([1, 2], [together[:9], together[9:]])
    assert options.at_level(part, 1) == [(0,), (3,), (4,), (5,)]
    assert options.at_level(FULL, 2) == [(1, 2)]  # the only one with six options


@pytest.mark.parametrize(
    ("name", "split", "kept", "left_out"),
    [
        ("macro", "stage3.2", [(0,)], ["stage3.3"]),  # skipped layers come last in their stage,
        ("macro", "stage3.3", [(1,), (2,)], ["stage3.2"]),  # so only they follow one that is
        ("macro", "stage3.2", [(0,), (1,)], []),
        ("mobilenet", "stage2.2", [(6,)], ["stage2.3", "stage2.4"]),
        ("mobilenet", "stage2.3", [(3,), (4,)], ["stage2.2"]),
        ("darts", "normal 0→2", [(3,)], []),
        ("nb201", "0→1", [(0,)], []),
    ],
)
def test_a_decision_is_not_split_where_a_part_would_score_nothing(
    name: str, split: str, kept: list[tuple[int, ...]], left_out: list[str]
) -> None:
    space = open_space(name)
    whole, decisions = Subspace.whole(space), space.find(split)
    others = [one for one in whole.options(decisions) if one not in kept]
    part, _ = whole.split(decisions, [kept, others])
    options = options_of(groups=[2, 2], among=["*"], min_size=1)
    expected = {(place,) for place in range(len(space))} - {decisions}
    assert set(options.at_level(part, 1)) == expected - {space.find(one) for one in left_out}
    only = options_of(groups=[2, 2], among=[*left_out, split], min_size=1)  # there is no other
    assert only.at_level(part, 1) == [space.find(one) for one in left_out]


def test_the_plan_knows_how_many_options_are_matched_at_most() -> None:
    """Of those with six options or more a split above may have taken none."""
    options = options_of(among=["*", PAIR], groups=[2, 2, 6])
    assert options.most_matched(SPACE, 0) == [25, 5, 5, 5, 5, 5, 5]
    assert options.most_matched(SPACE, 1) == [25, 5, 5, 5, 5, 5]
    assert options.most_matched(SPACE, 2) == [25]
    few = options_of(among=["0*", PAIR], groups=[2, 6])
    assert few.most_matched(SPACE, 1) == [25]
