"""Rules that choose whole chains among those that ``observation=chains`` shows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed

__all__ = ["MarginalCost", "RandomChain"]

FloatArray = npt.NDArray[np.float64]


class MarginalCost(Heuristic):
    """The chain that adds most to the QoE of all that run, or none where each takes more than it
    gets.

    What a chain is expected to get, less what the running ones are expected to lose by it while
    both run (:class:`edgesim.envs.sfc.marginal.Marginal`). What it takes from later requests is
    left out.

    Args:
        envs: the environments.
        seed: not used.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        space: Any = envs[0].observation_space
        self._features, self._choices = len(space.features), space.choices
        self._at = {name: place for place, name in enumerate(space.features)}

    def choose(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        best: npt.NDArray[np.int64] = np.argmax(self.worth(observation), axis=1)
        return best

    def worth(self, observation: npt.NDArray[Any]) -> FloatArray:
        """What each choice is held to be worth, shape (n, choices); none that is not there."""
        shown = observation[:, : self._features * self._choices].reshape(
            len(observation), self._features, self._choices
        )
        gets, lose = (shown[:, self._at[name]] for name in ("expected qoe", "others lose"))
        worth: FloatArray = np.where(shown[:, self._at["there"]] > 0.0, gets - lose, -np.inf)
        return worth


class RandomChain(Heuristic):
    """Any of the chains that are shown and hold, or a rejection, from the policy's own dice.

    Args:
        envs: the environments.
        seed: of the dice.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._of = MarginalCost(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random_chain"))

    def choose(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        there = np.isfinite(self._of.worth(observation))
        drawn: npt.NDArray[np.int64] = np.argmax(
            np.where(there, self._rng.random(there.shape), -1.0), axis=1
        )
        return drawn
