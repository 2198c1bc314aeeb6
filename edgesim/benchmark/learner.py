"""How much of a learner's own rate is left when it trains in our environments."""

from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv

from edgesim.agents.learning.learner import make_model, prepare_torch, training_envs
from edgesim.config.config import AgentConfig

__all__ = ["DoNothing", "learner_rate"]


class DoNothing(VecEnv):
    """The spaces of other environments, and nothing behind them: a learner's ceiling.

    Observations are drawn once, rewards are 0, every action is allowed, and no episode ends.
    """

    def __init__(self, like: VecEnv) -> None:
        super().__init__(like.num_envs, like.observation_space, like.action_space)
        space: Any = like.observation_space
        shape = (like.num_envs, *space.shape)
        self._seen = np.random.default_rng(0).random(shape, dtype=np.float32)
        self._rewards = np.zeros(like.num_envs, dtype=np.float32)
        self._dones = np.zeros(like.num_envs, dtype=bool)
        self._masks = np.ones((like.num_envs, int(getattr(like.action_space, "n", 1))), dtype=bool)

    def reset(self) -> npt.NDArray[np.float32]:
        """The observations."""
        return self._seen

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Forget the actions."""

    def step_wait(self) -> Any:
        """The same again."""
        return self._seen, self._rewards, self._dones, [{}] * self.num_envs

    def close(self) -> None:
        """Nothing is held open."""

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        """The masks, whatever is asked."""
        return self._masks

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """None of every attribute."""
        return [None for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Forget the value."""

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Nothing is wrapped."""
        return [False for _ in self._get_indices(indices)]


def learner_rate(scenario: Any, agent: AgentConfig, engine: str, seconds: float) -> float:
    """Decisions a CPU second of an agent's training.

    One rollout and its update go before, unmeasured: compilation, first episodes. Then whole
    rollouts are made until the seconds are spent.

    Args:
        scenario: the scenario's checked dataclass.
        agent: the agent as it is set for the scenario.
        engine: what steps its environments, or ``"nothing"`` for :class:`DoNothing`.
        seconds: CPU seconds to spend.
    """
    prepare_torch(0, 1)
    envs = training_envs(scenario, agent, 0, 0, "auto" if engine == "nothing" else engine)
    model = make_model(agent, DoNothing(envs) if engine == "nothing" else envs, 0, "cpu")
    model.learn(1)
    before, spent = model.num_timesteps, 0.0
    while spent < seconds:
        begun = process_time()
        model.learn(1, reset_num_timesteps=False)
        spent += process_time() - begun
    envs.close()
    return float((model.num_timesteps - before) / spent)
