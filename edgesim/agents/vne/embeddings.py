"""Rules over whole embeddings, for environments with ``observation="embeddings"``."""

from collections.abc import Sequence

import numpy as np

from edgesim.agents.policies import Env
from edgesim.agents.runs.seeds import policy_seed
from edgesim.agents.vne.policies import Single
from edgesim.envs.vne.candidates import KEPT
from edgesim.envs.vne.env import VNEEnv

__all__ = ["Cheapest", "RandomEmbedding"]


class Cheapest(Single):
    """The embedding that takes the least bandwidth times hops; a VN that has none is rejected."""

    def decide(self, lane: int, env: VNEEnv) -> int:
        """See :class:`edgesim.agents.vne.policies.Single`."""
        return 0 if len(env.candidates.cost) else KEPT


class RandomEmbedding(Single):
    """Any of the embeddings, or rejection, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random_embedding"))

    def decide(self, lane: int, env: VNEEnv) -> int:
        """See :class:`edgesim.agents.vne.policies.Single`."""
        return int(self._rng.choice(np.flatnonzero(env.action_masks())))
