"""A ceiling for the choice of devices that is named, and not proven."""

import numpy as np

from edgesim.agents.policies import Env
from edgesim.envs.federated.env import FLEnv
from edgesim.methods.federated.experiment import area

__all__ = ["ideal"]


def ideal(env: Env) -> float:
    """The return if every device trained in each round, in the time of the fastest ones.

    All labels are in every mean, and a round lasts no longer than the devices with the shortest
    rounds alone would need; no policy has both. It is no proof: fewer devices may learn faster by
    luck.

    Args:
        env: an environment that has just been reset; it is used up.
    """
    inner: FLEnv = env.unwrapped  # type: ignore[assignment]
    scenario, learner = inner.scenario, inner.learner
    round_s = float(np.sort(inner.seen.alone_s)[: scenario.selected].max())
    times, accuracy, everyone = [0.0], [learner.accuracy], list(range(scenario.total_devices))
    for number in range(int(scenario.budget_s / round_s)):
        learner.begin_round(number)
        learner.train(everyone)
        times.append((number + 1) * round_s)
        accuracy.append(learner.accuracy)
    return area(times, accuracy, scenario.budget_s)
