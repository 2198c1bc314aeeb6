"""How many groups train in parallel in the next round, as a Gymnasium environment."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from edgesim.envs.federated.rounds import RoundsEnv
from edgesim.envs.vector import vector_env
from edgesim.methods.federated.grouping.icg import random_groups
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Chain, Par, Program, Reduce, Seq, Train
from edgesim.twin.federated.workload import FederatedWorkload
from edgesim.twin.federated.world import CLOUD

__all__ = ["FLParallelEnv", "make_vec"]


class FLParallelEnv(RoundsEnv):
    """Federated learning in groups: how many of them train in parallel.

    ## Description
    In a round, L devices (``scenario.selected``) that are drawn at random form groups of equal
    size. In a group the model goes from device to device, each of which trains it; at the end the
    models of the groups are averaged. One group is sequential SGD: it learns most of a round and
    takes longest. As many groups as devices are federated averaging.

    ## Observation Space
    ``Box(float32)``, values in [-1, 1] (:data:`rounds.ENTRIES`): time left, accuracy, what the last
    round added and how long it took, rounds, 0, and the last choice.

    ## Action Space
    ``Discrete``: 1, 2, 4, … groups, up to as many as devices (``env.unwrapped.groups``).

    ## Rewards
    As of ``edgesim/FL-v0``: accuracy gained times the share of the time budget that is left.

    ## Starting State
    A model that has not been trained.

    ## Episode End
    Terminated when the budget has passed at the end of a round. Never truncated by the environment
    itself.

    ## Arguments
    ```python
    import gymnasium

    gymnasium.make("edgesim/FLParallel-v0", scenario="parallel")
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

    problem = "fl_parallel"

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "parallel",
        overrides: Mapping[str, Any] | None = None,
        reward: str = "paid",
        record: bool = False,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(scenario, overrides, reward, record, render_mode)

    @property
    def groups(self) -> list[int]:
        """How many groups each choice stands for."""
        found, selected = [1], self.scenario.selected
        while found[-1] < selected:
            found.append(min(2 * found[-1], selected))
        return found

    def number_of_choices(self) -> int:
        """See :class:`~edgesim.envs.federated.rounds.RoundsEnv`."""
        return len(self.groups)

    def plan(self, twin: FederatedWorkload, choice: int) -> Program:
        """See :class:`~edgesim.envs.federated.rounds.RoundsEnv`."""
        world, steps, size = self.world, self.scenario.trained.steps, self.model_bytes
        devices = self.drawn(self.scenario.selected)
        grouped = random_groups(len(devices), self.groups[choice], self._dice)
        parts = []
        for number, group in enumerate(grouped):
            nodes = [world.network.node(devices[place]) for place in group]
            trainings = [Train(node, steps, world.flops) for node in nodes]
            parts.append(Chain(number, CLOUD, trainings, size))
        return Seq([Par(parts), Reduce(CLOUD, size * len(parts) / 2)])

    def learn(self, over: RoundOver) -> None:
        """See :class:`~edgesim.envs.federated.rounds.RoundsEnv`."""
        self.learner.train_chains([over.chains[label] for label in sorted(over.chains)])  # type: ignore[type-var]


make_vec = partial(vector_env, "fl_parallel")
"""What ``gymnasium.make_vec("edgesim/FLParallel-v0")`` calls."""
