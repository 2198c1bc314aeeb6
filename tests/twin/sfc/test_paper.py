"""The authors' setting of service chains, against a plain loop written from the facts alone."""

from dataclasses import dataclass, field
from math import exp, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.envs.sfc.env import SFCEnv
from edgesim.scenarios import resolve
from edgesim.twin.core.streams import Streams
from edgesim.twin.sfc.stage_arrivals import BLOCK
from edgesim.twin.sfc.stage_links import StageWorld


def world_of(overrides=None):
    world = SFCEnv("sfc_paper", overrides).world
    assert isinstance(world, StageWorld)
    return world


@dataclass
class PlainLoop:
    """The authors' rules in lists: [next instance][previous instance][stage], no events."""

    bandwidth: Any
    delay_ms: Any
    requests: Any  # (bandwidth, bound, released before or None)
    running: list[Any] = field(default_factory=list)
    number: int = 0
    accepted: int = 0

    def __post_init__(self) -> None:
        self.links: list[tuple[int, int, int]] = []
        self.choices: list[int] = []

    def residual(self, link) -> Any:
        j, i, k = link
        used = sum(b for b, _, links in self.running if link in links)
        return self.bandwidth[j][i][k] - used

    def delay_so_far(self) -> Any:
        return sum(self.delay_ms[j][i][k] for j, i, k in self.links)

    def choose(self, choice) -> Any:
        b, bound, released = self.requests[self.number]
        if self.choices:
            link = (choice, self.choices[-1], len(self.choices) - 1)
            fails = self.residual(link) < b
            self.links.append(link)
            if fails or self.delay_so_far() > bound:
                return self.next_decision(-10.0)
        self.choices.append(choice)
        if len(self.choices) <= len(self.bandwidth[0][0]):
            return 0.0
        qoe = log(b) - 10 * exp(-(bound - self.delay_so_far()) / 10)
        self.accepted += 1
        self.running.append((b, released, tuple(self.links)))
        return self.next_decision(qoe)

    def next_decision(self, reward) -> Any:
        self.number += 1
        self.links, self.choices = [], []
        self.running = [c for c in self.running if c[1] is None or c[1] > self.number]
        return reward


@st.composite
def worlds(draw):
    """Small worlds whose links fill up and whose bounds bind."""
    width, links = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    bandwidth = rng.integers(0, 301, size=(width, width, links))
    delay_ms = rng.integers(0, 21, size=(width, width, links))
    requests = []
    for number in range(draw(st.integers(1, 12))):
        released = draw(st.none() | st.integers(number + 1, number + 6))
        requests.append((draw(st.integers(1, 200)), draw(st.integers(1, 60)), released))
    return bandwidth.tolist(), delay_ms.tolist(), requests


@settings(max_examples=60, deadline=None)
@given(data=st.data(), world=worlds())
def test_rewards_and_observations_equal_a_plain_loop(tmp_path_factory, data, world):
    bandwidth, delay_ms, requests = world
    trace = tmp_path_factory.mktemp("trace") / "requests.csv"
    rows = [f"{b},{bound},{'' if r is None else r}" for b, bound, r in requests]
    trace.write_text("\n".join(["bandwidth,max_delay_ms,released_before", *rows]) + "\n")
    env = SFCEnv(
        "sfc_paper",
        {"bandwidth": bandwidth, "delay_ms": delay_ms, "trace": str(trace)},
        observation="authors",
    )
    plain = PlainLoop(bandwidth, delay_ms, requests)
    links = len(bandwidth[0][0])

    observation, _ = env.reset(seed=0)
    over = False
    while not over:
        b, bound, _ = requests[plain.number]
        residual = [
            [[plain.residual((j, i, k)) for k in range(links)] for i in range(len(bandwidth))]
            for j in range(len(bandwidth))
        ]
        np.testing.assert_allclose(observation[..., :links], residual, atol=1e-4)
        assert (observation[..., links] == b).all()
        np.testing.assert_allclose(observation[..., links + 1 : 2 * links + 1], delay_ms)
        assert (observation[..., 2 * links + 1] == bound).all()
        assert (observation[..., 2 * links + 2] == plain.delay_so_far()).all()
        steps = np.eye(links + 1)[len(plain.choices)]
        assert (observation[..., 2 * links + 3 :] == steps).all()
        choice = data.draw(st.integers(0, len(bandwidth) - 1))
        observation, reward, over, truncated, _ = env.step(choice)
        assert reward == pytest.approx(plain.choose(choice), rel=0, abs=1e-9)
        assert not truncated
    assert plain.number == len(requests)
    ledger = env.twin.ledger
    assert ledger.closes and ledger.undecided == 0 and ledger.arrived == len(requests)
    assert ledger.accepted == plain.accepted


def test_the_authors_matrices_are_the_presets():
    world = world_of()
    assert world.capacity.shape == (5, 5, 5)
    links, delays = world.capacity[1:], world.delay_ms[1:]
    assert (links.min(), links.max(), round(links.mean())) == (768, 1280, 1031)
    assert (delays.min(), delays.max(), round(delays.mean(), 1)) == (10, 20, 14.6)
    sums = delays[0][:, :, None, None, None] + delays[1][None, :, :, None, None]
    sums = sums + delays[2][None, None, :, :, None] + delays[3][None, None, None, :, :]
    assert (sums.min(), sums.max()) == (41, 78)
    # index [next][previous][stage] in the preset, [stage, previous, next] in the world
    stated = resolve("sfc_paper").bandwidth
    assert stated[1][0][2] == 958 == links[2, 0, 1]


def test_requests_are_drawn_as_the_authors_draw_them():
    world = world_of()
    requests = [
        request
        for seed in range(200)
        for request in world.requests(Streams(np.random.SeedSequence(seed)))
    ]
    assert len(requests) == 200 * 100
    assert [request.arrival_s for request in requests[:100]] == list(range(100))
    bandwidths = {request.bandwidth for request in requests}
    bounds = {request.max_delay_ms for request in requests}
    assert bandwidths == set(range(16, 257)) and bounds == set(range(50, 91))
    lives = np.array([request.holding_s for request in requests])
    assert lives.min() == 1 and (lives == np.rint(lives)).all()
    for life in range(1, 6):  # geometric: of those that stay, a fifth ends before each request
        there = lives >= life
        share = (lives[there] == life).mean()
        assert abs(share - 0.2) < 4 * np.sqrt(0.16 / there.sum())


@pytest.mark.parametrize(
    ("scenario", "probability"),
    [("sfc_paper", 0.2), ("sfc_paper_3x", 0.0667), ("sfc_paper_10x", 0.02)],
)
def test_presets_differ_in_the_load_alone(scenario, probability):
    base, other = resolve("sfc_paper"), resolve(scenario)
    assert other.release_probability == probability
    for key in ("name", "title", "release_probability"):
        setattr(other, key, getattr(base, key))
    assert other == base


@pytest.mark.parametrize(("probability", "lives"), [(0, {np.inf}), (1, {1.0})])
def test_release_with_certainty_or_never(probability, lives):
    world = world_of({"release_probability": probability})
    streams = Streams(np.random.SeedSequence(0))
    assert {request.holding_s for request in world.requests(streams)} == lives


@pytest.mark.parametrize("probability", [0.02, 0.5])
def test_requests_of_a_long_episode_are_drawn_as_if_at_once(probability):
    count = 2 * BLOCK + 7
    world = world_of({"requests": count, "release_probability": probability})
    streams = Streams(np.random.SeedSequence(3))
    bandwidth = streams["bandwidth"].integers(16, 256, size=count, endpoint=True)
    bounds = streams["max_delay_ms"].integers(50, 90, size=count, endpoint=True)
    lives = streams["lifetime"].geometric(probability, size=count)
    requests = list(world.requests(streams))
    assert [request.number for request in requests] == list(range(count))
    assert [request.bandwidth for request in requests] == bandwidth.tolist()
    assert [request.max_delay_ms for request in requests] == bounds.tolist()
    assert [request.holding_s for request in requests] == lives.tolist()


def test_matrices_are_drawn_by_the_world_seed_where_they_are_null(tmp_path):
    drawn = {"bandwidth": None, "delay_ms": None, "instances": 3, "groups": 4}
    worlds = [world_of({**drawn, "world_seed": seed}) for seed in (1, 1, 2)]
    assert worlds[0].capacity.shape == (4, 3, 3)
    np.testing.assert_array_equal(worlds[0].capacity, worlds[1].capacity)
    assert (worlds[0].capacity[1:] != worlds[2].capacity[1:]).any()
    many = world_of({**drawn, "instances": 20})
    assert (many.capacity[1:].min(), many.capacity[1:].max()) == (768, 1280)
    assert set(many.delay_ms[1:].reshape(-1)) == set(range(10, 21))
    # One matrix given, the other drawn to its shape; and the same from a file.
    given = np.arange(12.0).reshape(2, 2, 3)
    np.savez(tmp_path / "links.npz", bandwidth=given)
    for source in (given.tolist(), str(tmp_path / "links.npz")):
        world = world_of({"bandwidth": source, "delay_ms": None})
        assert (world.stages, world.instances) == (4, 2)
        np.testing.assert_array_equal(world.capacity[1:], given.transpose(2, 1, 0))
