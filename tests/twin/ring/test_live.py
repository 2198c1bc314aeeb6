"""The ring as processes and the ring as arithmetic say the same."""

import numpy as np
import pytest
from simpy import Environment

from edgesim.twin.ring.live import LiveRing, Span
from edgesim.twin.ring.tokens import ALL, Station, simulate


@pytest.mark.parametrize("seed", range(12))
def test_both_forms_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, rounds = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    stations = []
    for _ in range(count):
        window = int(rng.integers(1, 7))
        stations.append(
            Station(
                window,
                int(rng.integers(0, window + 1)) if rng.random() < 0.5 else 0,
                float(rng.uniform(1.2, 12)),
                float(rng.uniform(0.5, 3)),
                float(rng.uniform(0.1, 1)),
                0.02,
                float(rng.uniform(0.01, 0.1)),
            )
        )
    prefetch = [0.0, ALL, 1.6][seed % 3]
    arguments = {"rounds": rounds, "layer_bytes": 1.0, "output_bytes": 0.7, "output_s": 0.3}
    arguments |= {"prefetch": prefetch, "chunks": 1 + seed % 2}
    fast = simulate(stations, tokens=8, measured=4, **arguments)  # type: ignore[arg-type]
    clock = Environment()
    ring = LiveRing(clock, stations, **arguments)  # type: ignore[arg-type]
    times = [clock.run(clock.process(ring.token())) for _ in range(8)]
    assert times == pytest.approx(list(fast.times_s), rel=1e-9)


def test_what_happens_is_written_down() -> None:
    clock = Environment()
    station = Station(1, 0, 10.0, 5.0, 1.0, 0.1, 0.5)
    ring = LiveRing(
        clock, [station, station], rounds=1, layer_bytes=10.0, output_bytes=0.0, output_s=0.25
    )
    assert clock.run(clock.process(ring.token())) == pytest.approx(2 * (2 + 1 + 0.5) + 0.25)
    assert ring.spans == [
        Span(0, "stall", 0.0, 2.0),
        Span(0, "compute", 2.0, 3.0),
        Span(0, "hop", 3.0, 3.5),
        Span(1, "stall", 3.5, 5.5),
        Span(1, "compute", 5.5, 6.5),
        Span(1, "hop", 6.5, 7.0),
        Span(0, "compute", 7.0, 7.25),
    ]
