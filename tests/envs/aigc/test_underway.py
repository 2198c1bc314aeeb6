"""What the tasks at a provider are expected to lose by one more, by hand."""

from types import SimpleNamespace
from typing import Any, cast

import gymnasium
import numpy as np
import pytest

from edgesim.envs.aigc.underway import Underway

MARGIN_S = 1.5


@pytest.fixture
def env() -> Any:
    keys = {"provider_count": 3, "horizon_s": 60, "arrival_rate_hz": 2.0}
    made = gymnasium.make(
        "edgesim/AIGC-v0", scenario="aigc", overrides=keys, observation="set", reward="priced"
    ).unwrapped
    made.reset(seed=3)
    return made


def episode(
    now_s: float, assigned: list[int], latency_s: float, alone_s: float, deadline_s: float
) -> Any:
    """An episode as far as it is looked at: a request of one latency at all three providers."""
    task = SimpleNamespace(steps=100, deadline_s=deadline_s, arrival_s=now_s)
    return cast(
        Any,
        SimpleNamespace(
            clock=SimpleNamespace(now=now_s),
            assigned=np.array(assigned, dtype=float),
            last=task,
            expected_latency_s=lambda steps: np.full(3, latency_s),
            delivery=SimpleNamespace(alone_s=lambda steps: np.full(3, alone_s)),
        ),
    )


def test_a_task_that_would_be_late_loses_what_one_more_adds(env: Any) -> None:
    """Timeliness falls from 1 to 0 over the lateness; a task more adds a slope of the run alone."""
    under = Underway(env.scenario, env.world)
    slope = env.world.service[1].batch_slope
    lateness_s = env.scenario.wireless.lateness_s
    under.send(episode(10.0, [0, 0, 0], latency_s=6.0, alone_s=4.0, deadline_s=5.0), 1)
    later = episode(10.0, [0, 1, 0], latency_s=6.0, alone_s=4.0, deadline_s=5.0)
    assert under.loses(later, MARGIN_S) == pytest.approx([0.0, slope * 4.0 / lateness_s, 0.0])
    half = episode(13.0, [0, 1, 0], latency_s=6.0, alone_s=4.0, deadline_s=5.0)
    assert under.loses(half, MARGIN_S)[1] == pytest.approx(slope * 2.0 / lateness_s)


def test_one_that_is_early_or_hopeless_loses_nothing(env: Any) -> None:
    under = Underway(env.scenario, env.world)
    lateness_s = env.scenario.wireless.lateness_s
    early = episode(0.0, [0, 0, 0], latency_s=2.0, alone_s=1.0, deadline_s=9.0)
    under.send(early, 0)
    hopeless = episode(0.0, [1, 0, 0], latency_s=9.0 + lateness_s, alone_s=1.0, deadline_s=9.0)
    under.send(hopeless, 2)
    now = episode(0.0, [1, 0, 1], latency_s=2.0, alone_s=1.0, deadline_s=9.0)
    assert under.loses(now, MARGIN_S).tolist() == [0.0, 0.0, 0.0]


def test_tasks_whose_run_is_over_are_forgotten_the_first_first(env: Any) -> None:
    under = Underway(env.scenario, env.world)
    slope = env.world.service[0].batch_slope
    lateness_s = env.scenario.wireless.lateness_s
    under.send(episode(0.0, [0, 0, 0], latency_s=6.0, alone_s=8.0, deadline_s=5.0), 0)
    under.send(episode(0.0, [1, 0, 0], latency_s=6.0, alone_s=2.0, deadline_s=5.0), 0)
    now = episode(0.0, [1, 0, 0], latency_s=6.0, alone_s=2.0, deadline_s=5.0)
    assert under.loses(now, MARGIN_S)[0] == pytest.approx(slope * 2.0 / lateness_s)
    none = episode(0.0, [0, 0, 0], latency_s=6.0, alone_s=2.0, deadline_s=5.0)
    assert not under.loses(none, MARGIN_S).any()


def test_the_observation_shows_it_and_forks_go_on_with_it(env: Any) -> None:
    place = env.observation_space.features.index("others_lose") * 3
    seen = []
    for _ in range(60):
        observation, *_ = env.step(int(np.argmax(env.twin.available)))
        seen.append(observation[place : place + 3])
    assert np.max(seen) > 0.0 and np.min(seen) >= 0.0
    fork = env.fork()
    action = int(np.argmax(env.twin.available))
    assert np.array_equal(fork.step(action)[0], env.step(action)[0])


def test_more_tasks_than_a_provider_holds_are_kept_to_what_fits(env: Any) -> None:
    under = Underway(env.scenario, env.world)
    for count in range(100):
        under.send(episode(0.0, [count, 0, 0], latency_s=6.0, alone_s=1.0, deadline_s=5.0), 0)
    now = episode(0.0, [100, 0, 0], latency_s=6.0, alone_s=1.0, deadline_s=5.0)
    assert np.isfinite(under.loses(now, MARGIN_S)).all()
