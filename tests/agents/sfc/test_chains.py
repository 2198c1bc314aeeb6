"""Rules over whole chains, and the planner that tries them."""

from typing import Any

import numpy as np
import pytest

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.planner import Planner
from edgesim.agents.sfc.chains import MarginalCost, RandomChain
from edgesim.envs.making import make_envs
from edgesim.scenarios import resolve

SHORT = resolve("sfc", {"network.horizon_s": 15.0})
CHAINS = {"observation": "chains", "reward": "marginal"}


def busy(requests: int) -> tuple[Any, Any]:
    (env,) = make_envs(resolve("sfc"), 1, CHAINS)
    observation, _ = env.reset(seed=5)
    rng = np.random.default_rng(0)
    for _ in range(requests):
        allowed = np.flatnonzero(env.unwrapped.action_masks())  # type: ignore[attr-defined]
        observation, *_ = env.step(rng.choice(allowed))
    return env, observation


def test_marginal_cost_takes_what_gets_most_beyond_what_others_lose() -> None:
    env, observation = busy(120)
    rule = MarginalCost([env], 0)
    names = env.unwrapped.observer.names
    shown = dict(zip(names, observation.tolist(), strict=True))
    worth = {
        k: shown[f"expected qoe {k}"] - shown[f"others lose {k}"]
        for k in range(env.action_space.n)
        if shown[f"there {k}"]
    }
    assert len(worth) > 2
    assert int(rule.choose(observation[None])[0]) == max(worth, key=lambda k: worth[k])
    # A chain that takes more than it gets goes; to reject is worth 0.
    dear = observation.copy()
    dear[[names.index(f"others lose {k}") for k in worth if k != max(worth)]] = 3.0
    assert int(rule.choose(dear[None])[0]) == env.action_space.n - 1


def test_random_chain_takes_all_that_is_there_and_nothing_else() -> None:
    env, observation = busy(60)
    rule = RandomChain([env], 0)
    taken = {int(rule.choose(observation[None])[0]) for _ in range(300)}
    assert taken == set(np.flatnonzero(env.unwrapped.action_masks()).tolist())


@pytest.mark.parametrize("name", ["marginal_cost", "random_chain"])
def test_rules_decide_by_name(name: str) -> None:
    (row,) = rollout(SHORT, find_policy(SHORT, name), [1]).rows
    assert row["decisions"] == row["accepted"] + round(row["rejected"] * row["decisions"])


def test_the_planner_tries_what_its_base_ranks_near_and_leaves_what_is_clear() -> None:
    env, observation = busy(90)
    worth = MarginalCost([env], 0).worth(observation[None])[0]
    first, second = np.argsort(-worth)[:2]
    gap = float(worth[first] - worth[second])
    options: dict[str, Any] = {
        "base": "marginal_cost",
        "futures": 2,
        "candidates": 3,
        "horizon_s": 2.0,
    }
    wide = Planner([env], 0, margin=gap + 1e-3, **options)
    assert wide._tried(observation, int(first), env.unwrapped)[:2] == [first, second]
    narrow = Planner([env], 0, margin=max(gap / 2, 1e-9), **options)
    assert narrow._tried(observation, int(first), env.unwrapped) == [first]
    chosen, _ = wide.predict(observation[None])
    assert chosen[0] in wide._tried(observation, int(first), env.unwrapped)
