"""Episodes of service chains of which more is read than the environment tells: the twin itself."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import takes_masks
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.envs.making import make_envs
from edgesim.reproduction.budget import Budget
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["episodes_of", "few"]

Look = Callable[[SFCWorkload], None]


def episodes_of(
    scenario: SFCScenario, policy: str, episodes: int, seed: int, look: Look | None = None
) -> Iterator[SFCWorkload]:
    """Play held-out episodes, one after the other; each twin is handed out at its end.

    Args:
        scenario: the scenario.
        policy: as of :func:`edgesim.agents.finding.find_policy`.
        episodes: how many.
        seed: the evaluation seed, from which the episodes follow.
        look: called with the twin at every request, before it is decided. Requests come at
            random (Poisson) times, so that what they find is what is found on average over time.
    """
    found = find_policy(scenario, policy)
    env = make_envs(scenario, 1, {**found.env_kwargs, "record": True})[0]
    inner: Any = env.unwrapped
    decider = found([env], seed)
    masked = takes_masks(decider)
    for episode in held_out_seeds(seed, episodes):
        observation, _ = env.reset(seed=episode)
        state: Any = None
        first, over, request = True, False, None
        while not over:
            if look is not None and inner.twin.request is not request:
                request = inner.twin.request
                look(inner.twin)
            masks = {"action_masks": inner.action_masks()[None]} if masked else {}
            chosen, state = decider.predict(
                observation[None],
                state=state,
                episode_start=np.array([first]),
                deterministic=True,
                **masks,
            )
            first = False
            observation, _, terminated, truncated, _ = env.step(chosen[0])
            over = terminated or truncated
        yield inner.twin
    env.close()


def few(budget: Budget) -> int:
    """Episodes of ``sfc``, which are twenty times as long as the authors': a fifth as many."""
    return max(budget.episodes // 5, 1)
