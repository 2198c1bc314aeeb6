"""A shared world in which every family's decisions are made from outside: PettingZoo's AEC API."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv

from edgesim.envs.making import scenario_of
from edgesim.envs.twin_env import TwinEnv, episode_seed
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios.shared import FAMILIES, SharedScenario
from edgesim.twin.core.forking import copied
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.shared import SharedWorld

__all__ = ["SharedEnv", "env"]


class SharedEnv(AECEnv):  # type: ignore[misc]  # PettingZoo is not typed
    """AIGC provider selection and service function chaining in one network, an agent each.

    ## Description
    The agents ``aigc`` and ``sfc`` decide in the order in which requests come, on one clock: after
    a step the world runs on to the next decision of either. What one reserves or sends, the other
    feels. The extra ``[multi]`` brings PettingZoo.

    ## Observations, actions, rewards
    Those of ``edgesim/AIGC-v0`` and ``edgesim/SFC-v0``; the masks of sensible actions stand in
    ``infos[agent]["action_mask"]``. An agent is paid at its own turns, and at the end, for what has
    come of its decisions since.

    ## Episode end
    When both workloads are idle, for both agents at once; ``infos[agent]["metrics"]`` then holds
    the figures of the episode.

    ## Arguments
    ```python
    from edgesim.envs.shared import env

    world = env(scenario="shared", overrides={"sfc.network.arrival_rate_hz": 1.0})
    ```

    Args:
        scenario: a shared scenario: a preset's name, or a mapping with all keys.
        overrides: keys to replace.
        arguments: further arguments of each family's environment, by its name.

    Raises:
        InputError: unknown scenario, key or value, or a scenario that is not shared.
    """

    metadata = {  # noqa: RUF012  # PettingZoo declares it so
        "name": "edgesim/Shared-v0",
        "render_modes": [],
        "is_parallelizable": False,
    }

    def __init__(
        self,
        scenario: str | Mapping[str, Any] = "shared",
        overrides: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__()
        shared = scenario_of("aigc", scenario, overrides)
        if not isinstance(shared, SharedScenario):
            raise InputError("scenario", shared.name, "must be a shared one, such as shared")
        given = arguments or {}
        for family in given:
            if family not in FAMILIES:
                raise InputError("arguments", family, f"accepted: {', '.join(FAMILIES)}")
        self._world = shared_world(SharedWorld, shared)
        self._envs: dict[str, TwinEnv[Any, Any, Any]] = {
            family: load(PROBLEMS[family].env)(
                scenario=scenario, overrides=overrides, **given.get(family, {})
            )
            for family in FAMILIES
        }
        self.possible_agents = list(FAMILIES)
        self.observation_spaces = {
            family: one.observation_space for family, one in self._envs.items()
        }
        self.action_spaces = {family: one.action_space for family, one in self._envs.items()}
        self.render_mode = None
        self._rng = np.random.default_rng()

    def __deepcopy__(self, memo: dict[int, Any]) -> "SharedEnv":
        """A copy that goes on by itself, with the same future."""
        other = object.__new__(type(self))
        other.__dict__.update(copied(self.__dict__))
        return other

    def __copy__(self) -> "SharedEnv":
        """As a deep copy: two of them over one twin would step each other's."""
        return self.__deepcopy__({})

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Not to another process, which has no twin to go on with: made again there instead."""
        raise TypeError("edgesim/Shared-v0 cannot be pickled: make it again, or copy.deepcopy it")

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The observation space of an agent."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """The action space of an agent."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start an episode; ``seed`` draws what happens in it."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self.twin = self._world.twin(episode_seed(self._rng))
        for family, one in self._envs.items():
            one.attach(self.twin.workloads[family])
        self.agents = list(FAMILIES)
        self.rewards = dict.fromkeys(FAMILIES, 0.0)
        self._cumulative_rewards = dict.fromkeys(FAMILIES, 0.0)
        self.terminations = dict.fromkeys(FAMILIES, False)
        self.truncations = dict.fromkeys(FAMILIES, False)
        self.infos: dict[str, dict[str, Any]] = {family: {} for family in FAMILIES}
        self._decided: set[str] = set()
        self._go_on()

    def observe(self, agent: str) -> Any:
        """What an agent sees: the request at hand, or the one shown last."""
        one = self._envs[agent]
        if not hasattr(one.twin, "last"):  # nobody has asked yet
            return np.zeros(one.observation_space.shape or (), one.observation_space.dtype)
        return one.observed()

    def step(self, action: Any) -> None:
        """Make the decision of the agent whose turn it is, and run to the next one."""
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self._envs[agent].decide(action)
        self._decided.add(agent)
        self._go_on()
        self._accumulate_rewards()

    def render(self) -> None:
        """No picture: ``edgesim simulate scenario=shared`` draws one."""

    def close(self) -> None:
        """Nothing is open."""

    def _go_on(self) -> None:
        """Run to the next decision, and pay the agent that makes it; both at the end."""
        decision = self.twin.next_decision()
        if decision is None:
            self.terminations = dict.fromkeys(FAMILIES, True)
            for family in FAMILIES:
                self._pay(family, over=True)
            self.agent_selection = self.agents[0]
            return
        self.agent_selection = agent = decision.workload
        self._pay(agent, over=False)
        masks: Any = self._envs[agent]
        self.infos[agent]["action_mask"] = masks.action_masks().astype(np.int8)

    def _pay(self, family: str, *, over: bool) -> None:
        if family in self._decided:
            self.rewards[family], info = self._envs[family].settle(over=over)
            self.infos[family] = info


def env(**arguments: Any) -> SharedEnv:
    """A :class:`SharedEnv`, by the name that PettingZoo's environments are made by."""
    return SharedEnv(**arguments)
