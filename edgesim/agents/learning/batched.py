"""Batched engines as the vector environments that stable-baselines3 trains in."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv

from edgesim.envs.batched import BatchedEnv

__all__ = ["BatchedVecEnv"]


class BatchedVecEnv(VecEnv):
    """The worlds of a batched engine, as :class:`edgesim.agents.learning.learner.SteppedEnvs` gives
    them.

    Observations, rewards and ends are equal to those of ``SteppedEnvs`` in stable-baselines3's
    ``VecMonitor``, and so is what ends an episode: ``terminal_observation``, ``episode`` (return
    and length), the parts of the last reward and the metrics. All other infos of a step are one
    empty dictionary. No Python code runs for a world whose episode goes on.

    Args:
        env: the engine, with ``autoreset_mode="SameStep"`` and ``infos="ends"``.
        seeds: of each world's first episode, whatever seed an algorithm asks for: training must
            not meet held-out episodes.
        reward_scale: what rewards are multiplied by.
        endless: an episode's end counts as a limit of time.
    """

    def __init__(
        self,
        env: BatchedEnv,
        seeds: Sequence[int],
        reward_scale: float = 1.0,
        endless: bool = False,
    ) -> None:
        self._env = env
        self._endless = endless
        self._reward_scale = reward_scale
        self._episode_seeds: list[int | None] = list(seeds)
        self._actions: Any = None
        self._begun_s = time.time()
        self._returns = np.zeros(env.num_envs, dtype=np.float32)
        self._lengths = np.zeros(env.num_envs, dtype=np.int32)
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self._seeds = list(seeds)

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Keep the seeds of the construction; returns them."""
        self._seeds = list(self._episode_seeds)
        return self._seeds

    def reset(self) -> npt.NDArray[np.float32]:
        """Begin an episode in every world."""
        observations, _ = self._env.reset(seed=self._seeds)
        self._reset_seeds()
        self._returns[:] = 0.0
        self._lengths[:] = 0
        return observations

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Take the actions of the next step, shape (worlds,)."""
        self._actions = actions

    def step_wait(self) -> Any:
        """Step every world; one that ends its episode begins the next at once."""
        observations, paid, dones, _, ends = self._env.step(self._actions)
        rewards = (paid * self._reward_scale).astype(np.float32)
        self._returns += rewards
        self._lengths += 1
        infos: list[dict[str, Any]] = [{}] * self.num_envs
        if ends:
            worlds = np.flatnonzero(dones)
            for world in worlds.tolist():
                infos[world] = self._end(world, ends)
            self._returns[worlds] = 0.0
            self._lengths[worlds] = 0
        return observations, rewards, dones, infos

    def _end(self, world: int, ends: dict[str, Any]) -> dict[str, Any]:
        told, metrics = ends["final_info"], ends["final_info"]["metrics"]
        return {
            **{name: told[name][world] for name in self._env.parts},
            "metrics": {name: metrics[name][world] for name in metrics if name[0] != "_"},
            "TimeLimit.truncated": self._endless,
            "terminal_observation": ends["final_obs"][world],
            "episode": {
                "r": self._returns[world],
                "l": self._lengths[world],
                "t": round(time.time() - self._begun_s, 6),
            },
        }

    def close(self) -> None:
        """Close the engine."""
        self._env.close()

    # --- what stable-baselines3 asks of single environments -------------------------------------

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> Any:
        """Only ``action_masks``: an array, one row a world.

        Raises:
            AttributeError: another method; the worlds are no environments of their own.
        """
        if method_name != "action_masks":
            raise AttributeError(f"the worlds of a batched engine have no {method_name}()")
        masks = getattr(self._env, method_name)()
        return masks if indices is None else masks[list(self._get_indices(indices))]

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the engine, the same for every world."""
        value = getattr(self._env, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Not supported: the worlds are no environments of their own.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(f"{attr_name} of a single world cannot be set in a batched engine")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No world is wrapped."""
        chosen: Iterable[int] = self._get_indices(indices)
        return [False for _ in chosen]
