"""The swarm: what it draws, what it notices, and how it makes a failure small."""

from collections.abc import Iterator
from typing import Any

import pytest

from edgesim.commands.cli import main
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS
from edgesim.swarm import shrink as shrinking
from edgesim.swarm.case import draw, families
from edgesim.swarm.checks import play
from edgesim.swarm.command import swarm
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.network.links import Links


def test_all_problems_with_random_worlds_and_an_environment_take_part() -> None:
    assert families() == sorted(it.name for it in PROBLEMS.values() if it.worlds and it.env)
    assert {"aigc", "sfc", "vne"} <= set(families())


def test_a_case_follows_from_its_number() -> None:
    one, same, other = draw(7), draw(7), draw(8)
    assert (one.keys, one.hits, one.arguments) == (same.keys, same.hits, same.arguments)
    assert one.scenario == same.scenario
    assert (one.preset, one.keys) != (other.preset, other.keys)
    assert play(one, 15) == play(same, 15)


def test_parts_are_left_out_by_name() -> None:
    case = draw(4, ["sfc"])
    whole = next(case for number in range(9) if (case := draw(number, ["vne"])).events)
    first = next(iter(whole.events))
    less = draw(whole.number, ["vne"], [first])
    assert less.parts == [part for part in whole.parts if part != first]
    with pytest.raises(InputError, match="without = 'event99'"):
        draw(4, ["sfc"], ["event99"])
    assert "world_seed" in case.parts


def test_a_switch_that_makes_a_world_impossible_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model of 32B does not fit into eight devices, which is told when the world is made."""
    monkeypatch.setattr("edgesim.swarm.case._otherwise", lambda *_: [("job.model", "32B")])
    cases = (draw(number, ["llm_training"]) for number in range(30))
    assert "job.model" not in next(it for it in cases if it.preset == "llm_training").keys


@pytest.mark.parametrize("problem", ["aigc", "sfc", "vne"])
def test_some_worlds_of_each_family_hold_all_invariants(problem: str) -> None:
    for number in range(4):
        played = play(draw(number, [problem]), 40)
        assert played.failure is None, f"{problem} {number}: {played.failure}"
        assert played.events > 0


@pytest.mark.slow
def test_three_hundred_worlds_hold_all_invariants() -> None:
    config = compose("swarm", ["worlds=300"])
    found = swarm(config)
    assert found["failures"] == []
    assert sum(row["batched"] for row in found["rows"]) > 10
    assert sum(row["faults"] for row in found["rows"]) > 300


def broken_books(self: AIGCWorkload) -> Iterator[str]:
    if self.clock.now > 0.2:
        yield "one task too many"


def test_what_does_not_hold_is_shrunk_to_a_line_that_fails_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(AIGCWorkload, "violations", broken_books)
    monkeypatch.setattr(shrinking, "_TRIES", 6)
    assert main_status(["swarm", "worlds=1", "first=2", "problems=aigc"]) == 1
    line, what = capsys.readouterr().out.splitlines()[:2]
    assert "one task too many" in what
    words = line.split()[1:]
    assert words[:4] == ["swarm", "worlds=1", "first=2", words[3]]
    assert any(word.startswith("without=[") for word in words)  # no part of it was needed
    assert main_status(words) == 1
    assert "one task too many" in capsys.readouterr().out


def main_status(words: list[str]) -> Any:
    try:
        return main(words)
    except SystemExit as ended:
        return ended.code


def test_a_link_that_holds_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reservation that forgets the first link of its path."""
    genuine = Links.reserve

    def forgets(self: Links, path: Any, bandwidth_bps: float) -> None:
        genuine(self, path[1:], bandwidth_bps)

    monkeypatch.setattr(Links, "reserve", forgets)
    failures = [play(draw(number, ["vne"]), 40).failure for number in range(4)]
    assert any("reserved, and virtual networks hold" in (failure or "") for failure in failures)


def test_unknown_problems_are_refused() -> None:
    with pytest.raises(InputError, match="problems = 'agic'"):
        swarm(compose("swarm", ["problems=agic"]))
