"""Many things that fail by chance: as if each had its own stream from the beginning."""

from typing import Any

import numpy as np
import pytest

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.outages import Law, Outages
from edgesim.twin.core.streams import Streams

Log = list[tuple[str, int, float]]


def history(law: Law, *, together: bool, part: str | None, fork_s: float = 25.0) -> Log:
    """Histories of 300 things over 40 s; at ``fork_s`` the future becomes that of another seed."""
    clock, log = Clock(), Log()
    streams = Streams(np.random.SeedSequence(2**70 + 3, spawn_key=(4,)))
    whole, streams = streams, streams.of(part) if part else streams
    outages, repair = Outages(clock), Law(3.0, 2.0)

    def ends(number: int, rng: np.random.Generator) -> tuple[Any, Any]:
        return (
            lambda number: log.append((f"fails {rng.integers(100)}", number, clock.now)),
            lambda number: log.append(("works", number, clock.now)),
        )

    if together:
        outages.add_all(300, "things/", streams, law, repair, ends)
    else:
        for number in range(300):
            rng = streams[f"things/{number}"]
            outages.add(number, law, repair, *ends(number, rng), rng)
    clock.run(until=fork_s)
    whole.reseed(np.random.SeedSequence(9))
    outages.resample()
    clock.run(until=40.0)
    return log


@pytest.mark.parametrize("part", [None, "chains"])
@pytest.mark.parametrize("law", [Law(50.0), Law(50.0, 0.7), Law(50.0, 3.0)])
def test_many_things_have_the_histories_that_each_would_have_alone(
    law: Law, part: str | None
) -> None:
    log = history(law, together=True, part=part)
    assert log == history(law, together=False, part=part)
    assert len({number for _, number, _ in log}) > 60
    assert len({time_s for _, _, time_s in log if time_s > 25.0}) > 20


def test_a_stream_is_taken_when_its_thing_fails() -> None:
    clock, streams = Clock(), Streams(np.random.SeedSequence(0))
    failed: list[int] = []
    outages = Outages(clock)
    outages.add_all(
        5000, "", streams, Law(1e4), Law(1.0), lambda number, rng: (failed.append, failed.append)
    )
    clock.run(until=10.0)
    assert 0 < len(set(failed)) < 30
    assert len(streams._source.taken) == len(set(failed))
    assert len(clock._queue) <= len(set(failed)) + 2  # the end, the next


def test_first_draws_are_those_of_the_streams_themselves() -> None:
    for entropy in (0, 5, 2**200 + 1, [1, 2**40, 3]):
        streams = Streams(np.random.SeedSequence(entropy)).of("part")
        names = [f"n{it}" for it in range(20)]
        expected = [streams[name].normal() for name in names]
        assert streams.firsts(names, lambda rng: rng.normal()).tolist() == expected
