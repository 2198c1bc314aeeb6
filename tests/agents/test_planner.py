"""The planner: common futures, the base where nothing is surely better, and options by name."""

from typing import Any

import numpy as np
import pytest

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.planner import Planner
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.scenarios import resolve

SCENARIO = resolve("aigc", {"provider_count": 4, "horizon_s": 20, "arrival_rate_hz": 0.8})
SEES = {"reward": "shaped", "sees_results": True}


def planner(**options: Any) -> tuple[Any, Planner]:
    (env,) = make_envs(SCENARIO, 1, SEES)
    options = {"base": "adaptive", "futures": 3, "candidates": 2, "horizon_s": 5.0, **options}
    return env, Planner([env], 0, **options)


def test_of_equals_the_choice_of_the_base_is_kept() -> None:
    env, policy = planner()
    observation, _ = env.reset(seed=1)
    base = find_policy(SCENARIO, "adaptive")([env], 0).predict(observation[None])[0]
    tried = [int(base[0]), int(base[0])]  # the same choice twice, in the same futures
    assert policy._best(env.unwrapped, tried) == 0


def test_a_choice_that_is_surely_better_is_taken() -> None:
    """A full provider crashes and loses what it runs; an empty one does not."""
    env, policy = planner(horizon_s=2.0)
    env.reset(seed=1)
    bare = env.unwrapped
    while bare.twin.fits()[0]:
        env.step(0)
    empty = int(np.argmax(bare.twin.available))
    assert policy._best(bare, [0, empty]) == 1
    assert policy._best(bare, [empty, 0]) == 0


def test_the_episode_goes_on_as_if_nothing_had_been_tried() -> None:
    env, policy = planner()
    observation, _ = env.reset(seed=2)
    before = env.unwrapped.twin.clock.now, env.unwrapped.twin.last
    policy.predict(observation[None])
    assert (env.unwrapped.twin.clock.now, env.unwrapped.twin.last) == before


def test_equal_seeds_give_equal_episodes_and_options_are_read() -> None:
    name = "planner:futures=2,candidates=2,horizon_s=3"
    rows = [rollout(SCENARIO, find_policy(SCENARIO, name), [4]).rows for _ in range(2)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("planner:futurs=3", "policy planner = 'futurs': did you mean 'futures'"),
        ("planner:futures=many", "futures must be a whole number"),
        ("adaptive:futures=3", "policy adaptive = 'futures'"),
    ],
)
def test_options_that_are_none_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_policy(SCENARIO, name)


def test_numbers_and_bases_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="planner futures = 1"):
        planner(futures=1)
    with pytest.raises(InputError, match="did you mean 'adaptive'"):
        planner(base="adaptiv")
    with pytest.raises(InputError, match="planner horizon_s"):
        planner(horizon_s=0.0)
