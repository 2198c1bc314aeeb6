"""Failures: exponential, independent of all else."""

from typing import Any

import numpy as np
import pytest

from edgesim.scenarios.parts.failures import Failures
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.failures import FailureProcess

Log = list[tuple[str, int, float]]


def history(
    failures: Failures, until_s: float, edges: int = 3, nodes: int = 2, seed: int = 0
) -> tuple[Log, FailureProcess]:
    clock = Clock()
    log: Log = []

    def writes(what: str) -> Any:
        return lambda number: log.append((what, number, clock.now))

    process = FailureProcess(
        clock,
        failures,
        edges,
        nodes,
        Streams(np.random.SeedSequence(seed)),
        *map(writes, ("cut", "spliced", "crashed", "rebooted")),
    )
    clock.run(until=until_s)
    return log, process


BOTH = Failures(link_mtbf_s=10.0, link_mttr_s=2.0, node_mtbf_s=20.0, node_mttr_s=1.0)


def test_every_element_fails_and_is_repaired_in_turn() -> None:
    log, process = history(BOTH, 200.0)
    for number in range(3):
        story = [what for what, which, _ in log if which == number and what in {"cut", "spliced"}]
        assert len(story) > 10
        assert story == ["cut", "spliced"] * (len(story) // 2) + ["cut"] * (len(story) % 2)
    assert process.link_failures == sum(what == "cut" for what, _, _ in log)
    assert process.node_failures == sum(what == "crashed" for what, _, _ in log)


def test_another_future_has_other_failures() -> None:
    streams, told = Streams(np.random.SeedSequence(0)), []
    clock = Clock()
    process = FailureProcess(clock, BOTH, 3, 2, streams, *4 * [lambda _: told.append(clock.now)])
    streams.reseed(np.random.SeedSequence(1))
    process.resample()
    clock.run(until=100.0)
    assert told == sorted(time_s for _, _, time_s in history(BOTH, 100.0, seed=1)[0])


def test_null_is_never() -> None:
    assert history(Failures(), 1e6)[0] == []
    log, _ = history(Failures(node_mtbf_s=5.0), 100.0)
    assert {what for what, _, _ in log} == {"crashed", "rebooted"}


def test_an_element_has_a_history_of_its_own() -> None:
    both, _ = history(BOTH, 100.0)
    links_alone, _ = history(Failures(link_mtbf_s=10.0, link_mttr_s=2.0), 100.0, edges=2)
    assert links_alone == [row for row in both if row[0] in {"cut", "spliced"} and row[1] < 2]
    assert history(BOTH, 100.0)[0] == both
    assert history(BOTH, 100.0, seed=1)[0] != both


def test_times_are_exponential_with_the_means_given() -> None:
    log, _ = history(BOTH, 4000.0, edges=60, nodes=60)
    for down, up, mtbf, mttr in (("cut", "spliced", 10.0, 2.0), ("crashed", "rebooted", 20.0, 1.0)):
        working, repairing = [], []
        for number in range(60):
            times = [
                time_s for what, which, time_s in log if which == number and what in {down, up}
            ]
            spans = np.diff([0.0, *times])
            working.append(spans[::2])
            repairing.append(spans[1::2])
        for spans, mean in ((np.concatenate(working), mtbf), (np.concatenate(repairing), mttr)):
            # 12,000 times and more: the mean and the deviation of an exponential are equal.
            assert spans.mean() == pytest.approx(mean, rel=0.05)
            assert spans.std() == pytest.approx(mean, rel=0.05)
