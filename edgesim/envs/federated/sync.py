"""What devices send at the end of the next round, as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from edgesim.envs.federated.rounds import RoundsEnv
from edgesim.envs.vector import vector_env
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Branch, Par, Program, Send, Seq, Train
from edgesim.twin.federated.workload import FederatedWorkload
from edgesim.twin.federated.world import CLOUD

__all__ = ["SENT", "FLSyncEnv", "make_vec"]

SENT = ("all", "8 bit", "4 bit", "head", "nothing")
"""What is sent: all parameters in 32 bits, in 8, in 4; a tenth of them, the last layer's; none."""

_SHARES = {"all": 1.0, "8 bit": 8 / 32, "4 bit": 4 / 32, "nothing": 0.0}


class FLSyncEnv(RoundsEnv):
    """Federated learning of the same devices: what they send at the end of a round.

    ## Description
    L devices (``scenario.selected``), drawn for an episode, have models of their own. In a round
    they train, and then send all of their parameters, send them in 8 or 4 bits, send the last layer
    alone, or send nothing and go on with what they have. What is sent is averaged and sent back.
    The accuracy that counts is that of the mean of all models. In the fast plane, whose model has
    one layer, the head is its biases.

    ## Observation Space
    ``Box(float32)``, values in [-1, 1] (:data:`rounds.ENTRIES`): time left, accuracy, what the last
    round added and how long it took, rounds, how far the models are apart, and the last choice.

    ## Action Space
    ``Discrete(5)``: all, 8 bit, 4 bit, head, nothing.

    ## Rewards
    As of ``edgesim/FL-v0``: accuracy gained times the share of the time budget that is left.

    ## Starting State
    All devices have the same model, which has not been trained.

    ## Episode End
    Terminated when the budget has passed at the end of a round. Never truncated by the environment
    itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make("edgesim/FLSync-v0", scenario="sync")
    ```
    ``record``: keep the event log of each episode.

    ## Info
    Each step: ``gained`` and ``shaping``, the parts of the reward, which is their sum. At the end
    also ``metrics``, the episode's figures.

    ## Version History
    * v0: first version.

    Raises:
        InputError: unknown scenario, key, reward or render mode; data that cannot be used.
    """

    problem = "fl_sync"

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "sync",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        record: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(scenario, overrides, reward, record, render_mode)

    def number_of_choices(self) -> int:
        """See :class:`~edgesim.envs.federated.rounds.RoundsEnv`."""
        return len(SENT)

    def begin(self) -> None:
        """See :class:`~edgesim.envs.federated.rounds.RoundsEnv`."""
        self._devices = self.drawn(self.scenario.selected)
        self.learner.give_models(self._devices)

    def plan(self, twin: FederatedWorkload, choice: int) -> Program:
        """See :class:`~edgesim.envs.federated.rounds.RoundsEnv`."""
        world, steps = self.world, self.scenario.trained.steps
        share = _SHARES.get(SENT[choice], world.head_share)
        size = self.model_bytes * share
        parts = []
        for device in self._devices:
            node = world.network.node(device)
            trained: list[Program] = [Train(node, steps, world.flops)]
            if size:
                trained += [Send(node, CLOUD, size), Send(CLOUD, node, size)]
            parts.append(Branch(device, Seq(trained)))
        return Par(parts)

    def learn(self, over: RoundOver) -> None:
        """See :class:`~edgesim.envs.federated.rounds.RoundsEnv`."""
        there = [device for device in self._devices if device in over.done]
        self._apart = self.learner.train_own(there, SENT[self._last])


make_vec = partial(vector_env, "fl_sync")
"""What ``gymnasium.make_vec("edgesim/FLSync-v0")`` calls."""
