"""The authors' setting, against a plain loop written from the facts alone."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.envs.aigc.env import AIGCEnv

MOST = 250


def run_time_s(t: int) -> float:
    return (0.001 * t**2 + 2.5 * t - 14) * 60


def paid_quality(provider: dict[str, float], t: int) -> float:
    if t < provider["ax"]:
        return 0.0
    if t <= provider["bx"]:
        rise = (provider["by"] - provider["ay"]) / (provider["bx"] - provider["ax"])
        return rise * (t - provider["ax"])
    return provider["by"] - provider["ay"]


@dataclass
class PlainLoop:
    """The authors' simulator in thirty lines: lists, no events."""

    providers: list[dict[str, float]]
    tasks: list[tuple[int, int]]
    running: list[list[tuple[float, float, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.running = [[] for _ in self.providers]
        self.next = 0

    def observe(self) -> list[float]:
        now, t = self.tasks[self.next]
        seen: list[float] = []
        for number, provider in enumerate(self.providers):
            self.running[number] = [r for r in self.running[number] if r[1] > now]
            free = provider["capacity"] - sum(r[2] for r in self.running[number])
            seen += [provider["capacity"] / 1500, free / provider["capacity"]]
        return [*seen, t / MOST, run_time_s(t) / run_time_s(MOST)]

    def decide(self, choice: int) -> float:
        now, t = self.tasks[self.next]
        self.next += 1
        provider, running = self.providers[choice], self.running[choice]
        if t <= provider["capacity"] - sum(r[2] for r in running):
            running.append((now, now + run_time_s(t), t))
            return paid_quality(provider, t)
        lost = sum(2 * (1 - (now - start) / (end - start)) for start, end, _ in running)
        running.clear()
        return -(2 + lost)


provider_lists = st.lists(
    st.fixed_dictionaries(
        {
            "capacity": st.sampled_from([250, 400, 700, 1500]),
            "ax": st.sampled_from([0, 30, 90, 120]),
            "ay": st.sampled_from([0.0, 0.2, 0.45]),
            "bx": st.sampled_from([150, 200, 240]),
            "by": st.sampled_from([0.5, 0.8, 0.95]),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), providers=provider_lists)
def test_rewards_and_observations_equal_a_plain_loop(tmp_path_factory, data, providers):
    # Whole-second gaps that hit run times exactly: 14760 s is the run time of 100 steps.
    gaps = data.draw(st.lists(st.sampled_from([0, 1, 777, 2000, 14760]), min_size=2, max_size=40))
    steps = [data.draw(st.sampled_from([100, 130, 200, 250])) for _ in gaps]
    tasks = list(zip(np.cumsum(gaps).tolist(), steps, strict=True))
    trace = tmp_path_factory.mktemp("trace") / "tasks.csv"
    rows = [f"{arrival},{t}" for arrival, t in tasks]
    trace.write_text("\n".join(["arrival_s,steps", *rows]) + "\n")
    env = AIGCEnv("aigc_paper", {"providers": providers, "trace": str(trace)})
    plain = PlainLoop(providers, tasks)

    observation, _ = env.reset(seed=0)
    over, decisions = False, 0
    while not over:
        np.testing.assert_allclose(observation, plain.observe(), rtol=0, atol=1e-6)
        choice = data.draw(st.integers(0, len(providers) - 1))
        observation, reward, over, truncated, _ = env.step(choice)
        assert reward == pytest.approx(plain.decide(choice), rel=0, abs=1e-9)
        assert not truncated
        decisions += 1
    assert decisions == len(tasks) - 1  # the last request ends the episode undecided
    ledger = env.twin.ledger
    assert ledger.closes and ledger.undecided == 1 and ledger.arrived == len(tasks)


def test_a_world_is_drawn_as_the_authors_draw_it():
    for capacity_range in ([400, 1500], [400, 900]):
        drawn = [
            provider
            for seed in range(20)
            for provider in AIGCEnv(
                "aigc_paper", {"capacity_range": capacity_range, "world_seed": seed}
            ).world.providers
        ]
        low, high = capacity_range
        assert {p.capacity for p in drawn} == set(range(low, high + 1, 100))
        assert {p.ax for p in drawn} == set(range(0, 91, 10))
        assert {p.bx for p in drawn} == set(range(150, 241, 10))
        assert {round(p.ay, 9) for p in drawn} == {round(0.05 * k, 9) for k in range(10)}
        assert {round(p.by, 9) for p in drawn} == {round(0.5 + 0.05 * k, 9) for k in range(10)}


def test_capacity_range_scales_the_observation():
    env = AIGCEnv("aigc_paper", {"capacity_range": [400, 900]})
    observation, _ = env.reset(seed=0)
    capacity = env.observer.column("capacity", observation)
    np.testing.assert_allclose(capacity, env.world.capacity / 900, atol=1e-6)
    assert observation.shape == (42,)


def test_arrivals_follow_the_authors_workload():
    env = AIGCEnv("aigc_paper")
    counts = []
    for seed in range(30):
        env.reset(seed=seed)
        tasks = list(env.twin.tasks())
        arrivals = [task.arrival_s for task in tasks]
        assert arrivals[0] == 0 and arrivals == sorted(arrivals)
        assert all(arrival == int(arrival) for arrival in arrivals)
        assert {task.steps for task in tasks} == set(range(100, 251, 10))
        assert max(task.user for task in tasks) < 1000
        counts.append(len(tasks) - 1)
    # Poisson(1000): the mean of 30 lies within 4 standard errors.
    assert abs(np.mean(counts) - 1000) < 4 * np.sqrt(1000 / 30)


def test_an_episode_of_a_single_request_has_nothing_to_decide():
    env = AIGCEnv("aigc_paper", {"horizon_s": 1e-6})
    env.reset(seed=0)
    _, reward, over, _, info = env.step(0)
    assert (reward, over, info["metrics"]["decisions"]) == (0.0, True, 0.0)
