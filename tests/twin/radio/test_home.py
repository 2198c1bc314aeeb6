"""Air time at home is shared alike, whatever the rates."""

from typing import Any

import pytest

from edgesim.twin.core.clock import Clock
from edgesim.twin.radio.home import HomeCell


def told(clock: Clock, ends: dict[Any, float]) -> Any:
    return lambda value: ends.update({value: clock.now})


def test_two_share_the_air_and_each_has_its_own_rate() -> None:
    clock, ends = Clock(), dict[Any, float]()
    cell = HomeCell(clock, 10.0, 2)
    cell.rate(1, 0.5)
    cell.send(0, 10.0, told(clock, ends), "near")  # 1 s of air
    cell.send(1, 10.0, told(clock, ends), "far")  # 2 s of air
    assert not cell.quiet
    clock.run()
    assert ends == pytest.approx({"near": 2.0, "far": 3.0})
    assert cell.quiet


def test_a_rate_that_changes_holds_for_what_is_left() -> None:
    clock, ends = Clock(), dict[Any, float]()
    cell = HomeCell(clock, 10.0, 1)
    cell.send(0, 10.0, told(clock, ends), "one")
    clock.at(0.5, lambda moment: cell.rate(0, 0.25))
    clock.run()
    assert ends == pytest.approx({"one": 2.5})


def test_others_take_their_share_while_they_are_there() -> None:
    clock, ends = Clock(), dict[Any, float]()
    cell = HomeCell(clock, 10.0, 1)
    cell.crowd(1)
    assert cell.quiet and cell.crowded == 1
    cell.send(0, 10.0, told(clock, ends), "one")
    clock.at(1.0, lambda moment: cell.crowd(0))
    clock.run(until=10.0)
    assert ends == pytest.approx({"one": 1.5})


def test_what_is_silenced_never_arrives() -> None:
    clock, ends = Clock(), dict[Any, float]()
    cell = HomeCell(clock, 10.0, 1)
    cell.crowd(1)
    cell.send(0, 10.0, told(clock, ends), "one")
    clock.at(0.1, lambda moment: cell.silence())
    clock.run(until=10.0)
    assert not ends and cell.quiet
