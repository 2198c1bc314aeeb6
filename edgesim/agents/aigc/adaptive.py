"""A rule that learns within the episode: what each provider's results are worth, from results."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgesim.agents.aigc.policies import Actions, Observation, Reader
from edgesim.agents.policies import Env, Heuristic
from edgesim.scenarios.aigc.schema import AIGCScenario

__all__ = ["Adaptive"]

# Tuned on validation episodes of 16 random worlds of training seeds.
BONUS = 0.1  # on the mean quality of n results: BONUS / sqrt(n)
FIRST_GUESS = 0.7  # quality that counts as one result before the first
MARGIN_S = 1.0  # by which a result is taken to come later than the observation lets expect
PRICE_PER_S = 0.01  # of a second of latency: a provider that is busy now is missing to others
PRICE_OF_LOAD = 0.1  # of a provider that is full, in quality


class Adaptive(Heuristic):
    """The provider with room whose result is worth most by what came back from it so far.

    Mean quality of its results in this episode, and a bonus for those that few came from
    (an upper confidence bound: P. Auer, N. Cesa-Bianchi, P. Fischer, "Finite-time analysis of the
    multiarmed bandit problem", Machine Learning 47, 2002), times what the expected lateness leaves
    of it, less a price of time and of load. It knows nothing hidden, and nothing of other episodes.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._read = Reader(envs[0])
        scenario: AIGCScenario = envs[0].unwrapped.scenario  # type: ignore[attr-defined]
        self._wireless = scenario.wireless

    def choose(self, observation: Observation) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        read = self._read
        available = read.available(observation)
        fits = available >= read.steps(observation)[:, None]
        chosen: Actions = np.argmax(
            np.where(fits, self.worth(observation), available - 1e9), axis=1
        )
        return chosen

    def worth(self, observation: Observation) -> npt.NDArray[np.float64]:
        """What a choice of each provider is held to be worth, shape (n, providers)."""
        read = self._read
        results = np.rint(read.column("doubt", observation).astype(float) ** -2 - 1.0)
        quality = (read.column("quality", observation) * results + FIRST_GUESS) / (results + 1.0)
        worth = quality + BONUS / np.sqrt(np.maximum(results, 1.0))
        if self._wireless is not None:
            deadline_s = read.entry("deadline", observation)[:, None] * self._wireless.deadline_s[1]
            patience_s = deadline_s + self._wireless.lateness_s
            latency_s = read.column("expected_latency", observation) * patience_s
            late_s = latency_s + MARGIN_S - deadline_s
            worth = worth * np.clip(1.0 - late_s / self._wireless.lateness_s, 0.0, 1.0)
            worth = worth - PRICE_PER_S * latency_s
        free: npt.NDArray[np.float64] = read.column("available", observation).astype(float)
        return worth - PRICE_OF_LOAD * (1.0 - free)
