"""A rule that weighs what a result is worth against what it takes from those that run."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.envs.aigc.set_observation import CAPACITY_UNIT, STEPS_UNIT
from edgesim.envs.choice_box import ChoiceBox

__all__ = ["MarginalCost"]

Floats = npt.NDArray[np.float64]

# Tuned on validation episodes of random worlds of training seeds.
BONUS = 0.07  # on the quality of a provider of n results: BONUS / sqrt(n + 1)
PRICE = 0.05  # of ten seconds of latency: a provider that is busy now is missing to others
PRICE_OF_LOAD = 0.06  # of a provider that is full, in quality


class MarginalCost(Heuristic):
    """The provider with room where a task adds most to what all results are worth.

    Quality of what came back from it in this episode, and a bonus for those that few came from,
    times what the expected lateness leaves of it, less what the tasks that run there are expected
    to lose by one more (:class:`edgesim.envs.aigc.underway.Underway`) and prices of time and of
    load. It knows nothing hidden and is not trained.

    Args:
        envs: the environments, which show a set of providers.
        seed: not used.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        space: Any = envs[0].observation_space
        self._space: ChoiceBox = space

    def choose(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        best: npt.NDArray[np.int64] = np.argmax(self.worth(observation), axis=1)
        return best

    def worth(self, observation: npt.NDArray[Any]) -> Floats:
        """What a task is held to add at each provider, shape (n, providers).

        Far less where there is no room; there it falls with the room that is missing.
        """
        features, count = self._space.features, self._space.choices
        shown = observation[:, : len(features) * count].reshape(len(observation), -1, count)
        of = {name: shown[:, place].astype(float) for place, name in enumerate(features)}
        worth = of["worth"] + BONUS * of["doubt"] * of["later"]
        worth -= of["others_lose"] + PRICE * of["expected_latency"]
        worth -= PRICE_OF_LOAD * (1.0 - of["available"])
        # Where nobody has room, all who are up are there: the fullest would lose most.
        empty = np.where(of["there"] > 0.0, of["available"] * of["capacity"], -1.0)
        steps = observation[:, self._space.names.index("request steps")][:, None].astype(float)
        asked = steps * STEPS_UNIT / CAPACITY_UNIT
        fits = (of["there"] > 0.0) & (empty >= asked - 1e-6)
        found: Floats = np.where(fits, worth, empty - 1e9)
        return found
