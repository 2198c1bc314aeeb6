"""A server and its queue, told as a log."""

from collections.abc import Sequence

import numpy as np
import pytest

from edgesim.services.serving import Batch, Stream, VirtualClock, serve
from edgesim.services.validation import compared
from edgesim.services.validation_twin import simulated, times_of

pytest.importorskip("edgesim.twin.compute.batching")


def served(stream: Stream, window_s: float, max_batch: int) -> list[Batch]:
    """A server that takes a second a batch and a tenth for each step of it."""

    def run(members: Sequence[int], steps: Sequence[float]) -> float:
        return 1.0 + 0.1 * sum(steps)

    return list(serve(stream, VirtualClock(), run, window_s, max_batch))


def test_a_first_request_waits_for_others_as_long_as_the_window() -> None:
    stream = Stream((0.0, 0.5, 5.0), (10, 10, 10))
    assert served(stream, 1.0, 4) == [
        Batch((0, 1), 1.0, 4.0),  # the window of the first is over
        Batch((2,), 6.0, 8.0),
    ]


def test_a_full_batch_begins_at_once_and_the_rest_waits() -> None:
    stream = Stream((0.0, 0.1, 0.2, 0.3), (10, 10, 10, 10))
    log = served(stream, 1.0, 2)
    assert [(batch.members, batch.start_s) for batch in log] == [((0, 1), 0.1), ((2, 3), 3.1)]


def test_times_add_up_for_every_request() -> None:
    stream = Stream.poisson(np.random.default_rng(0), 50, 0.5, 1, 20)
    times = times_of(stream, served(stream, 0.5, 3))
    assert np.allclose(times["waiting"] + times["service"], times["sojourn"])
    assert (times["waiting"] >= 0).all()


@pytest.mark.parametrize(("window_s", "max_batch"), [(0.0, 1), (0.0, 4), (0.7, 4), (3.0, 2)])
@pytest.mark.parametrize("rate", [0.2, 0.5, 2.0])
def test_the_twin_serves_the_same_stream_alike(
    window_s: float, max_batch: int, rate: float
) -> None:
    stream = Stream.poisson(np.random.default_rng(1), 200, rate, 1, 20)
    real = times_of(stream, served(stream, window_s, max_batch))
    twin = simulated(stream, lambda steps: 1.0 + 0.1 * sum(steps), window_s, max_batch)
    for name in real:
        assert np.allclose(real[name], twin[name])


def test_equal_times_are_no_distance_apart_and_slower_ones_are() -> None:
    times = {"sojourn": np.arange(1.0, 101.0)}
    same = compared(times, times)["sojourn"]
    assert same["ks_distance"] == 0.0
    assert same["twin_over_real_minus_1"]["p95"] == pytest.approx(0.0)
    slower = compared(times, {"sojourn": 1.1 * times["sojourn"]})["sojourn"]
    assert slower["twin_over_real_minus_1"]["mean"] == pytest.approx(0.1)
    assert slower["ks_distance"] > 0
