"""Queueing theory's own figures from the twin's own parts.

Each figure is a mean over a long run with a fixed seed; its 99 % interval comes from the means of
batches, and is narrow enough that the figure of another law lies outside.
"""

from collections.abc import Callable
from math import factorial, isfinite
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from edgesim.scenarios.parts.links import Backhaul
from edgesim.scenarios.parts.radio import Radio
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.sharing import Job, ProcessorSharing
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.gabriel import metro_graph
from edgesim.twin.network.network import Network, NetworkWorld
from edgesim.twin.radio.access import RadioAccess, RadioMap

Floats = NDArray[np.float64]
BATCHES = 25


def interval(values: Floats, confidence: float = 0.99) -> tuple[float, float]:
    """Confidence interval of the mean of a correlated series, a tenth of it left out as warm-up."""
    kept = values[len(values) // 10 :]
    means = kept[: len(kept) // BATCHES * BATCHES].reshape(BATCHES, -1).mean(axis=1)
    half = stats.t.ppf((1 + confidence) / 2, BATCHES - 1) * means.std(ddof=1) / BATCHES**0.5
    return float(means.mean() - half), float(means.mean() + half)


def agrees(values: Floats, expected: float, within: float) -> bool:
    """The interval holds ``expected`` and reaches no further than the share ``within`` of it."""
    low, high = interval(values)
    assert isfinite(low)
    assert high - low < 2 * within * expected, f"[{low:.4g}, {high:.4g}] is too wide to tell"
    return low <= expected <= high


def exponential(rng: np.random.Generator, count: int) -> Floats:
    return rng.exponential(1.0, count)


def constant(rng: np.random.Generator, count: int) -> Floats:
    return np.ones(count)


def varied(rng: np.random.Generator, count: int) -> Floats:
    """Two exponentials: 0.9 of mean 0.5 and 0.1 of mean 5.5. Mean 1, second moment 6.5."""
    return np.where(rng.random(count) < 0.9, 0.5, 5.5) * rng.exponential(1.0, count)


Service = Callable[[np.random.Generator, int], Floats]
SECOND_MOMENT: dict[Service, float] = {exponential: 2.0, constant: 1.0, varied: 6.5}
SERVICES = list(SECOND_MOMENT)


def poisson(clock: Clock, times_s: Floats, arrive: Callable[[int], object]) -> None:
    """Call ``arrive(number)`` at each time; one arrival is in the queue at a time."""
    times = times_s.tolist()

    def come(moment: Any) -> None:
        number = moment.value
        if number + 1 < len(times):
            clock.at(times[number + 1], come, number + 1)
        arrive(number)

    clock.at(times[0], come, 0)


# ---- a link of the metro network is an M/G/1 queue


def waits_on_a_link(service: Service, load: float, count: int, seed: int) -> Floats:
    """Waiting times (s) of messages at a link that takes a second for one of mean size."""
    rng = np.random.default_rng(seed)
    clock = Clock()
    graph = metro_graph([(0.0, 0.0), (1000.0, 0.0)])
    world = NetworkWorld.of_backhaul(graph, Backhaul(link_rate_bps=8e6))
    network = Network(clock, world, Streams(np.random.SeedSequence(0)))
    routes = world.message_routes
    times = rng.exponential(1 / load, count).cumsum()
    sizes = service(rng, count) * 1e6
    arrived = np.zeros(count)

    def done(number: int) -> None:
        arrived[number] = clock.now

    poisson(clock, times, lambda number: network.send(sizes[number], 0, 1, done, number))
    clock.advance()
    idle = np.array([routes.delay_s(0, 1, float(size)) for size in sizes])
    waits: Floats = arrived - times - idle
    assert waits.min() > -1e-6
    return waits


@pytest.mark.parametrize("service", SERVICES)
def test_messages_wait_as_pollaczek_and_khinchine_say(service: Service) -> None:
    load, count = 0.6, 250_000
    waits = waits_on_a_link(service, load, count, seed=1)
    expected = {other: load * moment / (2 * (1 - load)) for other, moment in SECOND_MOMENT.items()}
    assert agrees(waits, expected[service], within=0.12)
    for other in SERVICES:
        if other is not service:
            assert not agrees(waits, expected[other], within=5.0)


def test_an_m_m_1_link_is_found_busy_as_often_and_as_long_as_theory_says() -> None:
    load = 0.7
    waits = waits_on_a_link(exponential, load, 150_000, seed=2)
    # W = rho / (mu - lambda); a share rho waits at all; P(W > t) = rho exp(-(mu - lambda) t).
    assert agrees(waits, load / (1 - load), within=0.1)
    assert agrees((waits > 1e-6).astype(float), load, within=0.03)
    assert agrees((waits > 5.0).astype(float), load * np.exp(-0.3 * 5.0), within=0.15)


# ---- a shared band is an M/G/1-PS queue


def sojourns_in_sharing(service: Service, load: float, count: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    clock = Clock()
    server = ProcessorSharing(clock, lambda present: 1 / present)
    times = rng.exponential(1 / load, count).cumsum()
    work = service(rng, count).tolist()
    ended = np.zeros(count)

    def done(job: Job) -> None:
        ended[job.value] = clock.now

    poisson(clock, times, lambda number: server.add(work[number], done, number))
    clock.advance()
    stay: Floats = ended - times
    return stay


@pytest.mark.parametrize("service", SERVICES)
def test_a_shared_server_does_not_care_how_work_is_distributed(service: Service) -> None:
    # M/G/1-PS: mean sojourn E[S] / (1 - rho), whatever the distribution; in FIFO it would be
    # 1 + rho E[S^2] / (2 (1 - rho)): 2.5, 1.75 and 5.875 s at rho = 0.6.
    load = 0.6
    stay = sojourns_in_sharing(service, load, 120_000, seed=3)
    assert agrees(stay, 1 / (1 - load), within=0.08)
    if service is not exponential:
        in_turn = 1 + load * SECOND_MOMENT[service] / (2 * (1 - load))
        assert not agrees(stay, in_turn, within=5.0)


def test_a_cell_of_the_air_is_such_a_server() -> None:
    """Transfers of one second's mean air time at unlike efficiencies: M/G/1-PS all the same."""
    load, count = 0.6, 60_000
    rng = np.random.default_rng(4)
    radio = Radio(bandwidth_hz=1e6, pixel_m=50.0, fading_db=0.0, measurement_period_s=1e9)
    streets = RadioMap(radio, 100.0, [[50.0, 50.0]], rng)
    clock = Clock()
    air = RadioAccess(clock, radio, streets)
    # Half the users at the top rate and half at the floor, each with an exponential second of air.
    rate = np.where(rng.random(count) < 0.5, 7.4e6, 0.1e6)
    size = rng.exponential(1.0, count) * rate / 8
    fading = np.where(rate > 1e6, 1e12, 1e-12)
    times = rng.exponential(1 / load, count).cumsum()
    ended = np.zeros(count)

    def done(site: int, number: int) -> None:
        ended[number] = clock.now

    def start(number: int) -> None:
        air.download(lambda _: (10.0, 10.0), float(size[number]), fading[number], done, number)

    poisson(clock, times, start)
    clock.advance()
    assert agrees(ended - times, 1 / (1 - load), within=0.08)
    for half in (rate > 1e6, rate < 1e6):
        assert agrees((ended - times)[half], 1 / (1 - load), within=0.12)


# ---- with room for c, each served alone, it is Erlang's loss system


def erlang_b(offered: float, places: int) -> float:
    terms = [offered**k / factorial(k) for k in range(places + 1)]
    return terms[-1] / sum(terms)


def test_erlang_b_against_a_printed_table() -> None:
    # Traffic tables: at 1 % loss 10 trunks carry 4.4612 erlang; one trunk of a erlang loses
    # a / (1 + a).
    assert erlang_b(4.4612, 10) == pytest.approx(0.01, abs=1e-5)
    assert erlang_b(1 / 9, 1) == pytest.approx(0.1)


@pytest.mark.parametrize("service", SERVICES)
def test_calls_are_blocked_as_erlang_says_however_long_they_are(service: Service) -> None:
    offered, places, count = 8.0, 10, 200_000
    rng = np.random.default_rng(5)
    clock = Clock()
    lines = ProcessorSharing(clock, lambda present: 1.0)
    times = rng.exponential(1 / offered, count).cumsum()
    length = service(rng, count).tolist()
    blocked = np.zeros(count)
    ended = 0

    def done(job: Job) -> None:
        nonlocal ended
        ended += 1

    def call(number: int) -> None:
        if lines.count < places:
            lines.add(length[number], done)
        else:
            blocked[number] = 1.0

    poisson(clock, times, call)
    clock.advance()
    assert ended + blocked.sum() == count
    assert agrees(blocked, erlang_b(offered, places), within=0.08)
    assert not agrees(blocked, erlang_b(offered, places + 1), within=5.0)
    assert not agrees(blocked, erlang_b(offered * 1.05, places), within=5.0)
