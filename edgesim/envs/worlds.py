"""Several worlds of a problem as one environment: each episode is in one of them, drawn."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError

__all__ = ["WorldsEnv"]

Observation = npt.NDArray[np.float32]


class WorldsEnv(gymnasium.Env[Observation, Any]):
    """Worlds with different numbers of choices, filled up to one size with choices that are none.

    Their observations are sets (:class:`edgesim.envs.choice_box.ChoiceBox`), the first feature of
    which is 1 for a choice that is there; what is filled up is 0 and never allowed by the mask.
    Taken all the same, it is the first choice.

    Args:
        envs: an environment of each world.
        choices: how many to fill up to; at least as many as any of them has.

    Raises:
        InputError: an environment does not show a set of choices, or more than ``choices``.
    """

    def __init__(self, envs: Sequence[gymnasium.Env[Any, Any]], choices: int) -> None:
        boxes = [env.observation_space for env in envs]
        for box in boxes:
            if not isinstance(box, ChoiceBox):
                raise InputError("observation", box, "must be a set of choices, a ChoiceBox")
            if box.choices > choices:
                raise InputError("choices", choices, f"must be at least {box.choices}")
        first: Any = boxes[0]
        self._envs = list(envs)
        self._features = len(first.features)
        request = first.names[self._features * first.choices :]
        names = [f"{feature} {k}" for feature in first.features for k in range(choices)]
        low = np.full(len(names) + len(request), first.low.min(), dtype=np.float32)
        high = np.full(len(low), first.high.max(), dtype=np.float32)
        self.observation_space = ChoiceBox(low, high, [*names, *request], first.features, choices)
        self.action_space = spaces.Discrete(choices)
        self._entries = len(low)
        self._choices = choices
        self._place = 0
        self._env = self._envs[0]
        self._there = first.choices

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode in one of the worlds; ``seed`` draws which, and what happens in it."""
        super().reset(seed=seed)
        self._place = int(self.np_random.integers(len(self._envs)))
        env: Any = self._envs[self._place]
        self._env, self._there = env, env.observation_space.choices
        observation, info = env.reset(seed=int(self.np_random.integers(2**30)) * 4)
        return self._filled(observation), info

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take a choice in the world of the episode."""
        chosen = int(action)
        observation, reward, terminated, truncated, info = self._env.step(
            chosen if chosen < self._there else 0
        )
        return self._filled(observation), float(reward), terminated, truncated, info

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which choices are there and make sense, shape (choices,)."""
        allowed = np.zeros(self._choices, dtype=bool)
        env: Any = self._env.unwrapped
        allowed[: self._there] = env.action_masks()
        return allowed

    def close(self) -> None:
        """Close all worlds."""
        for env in self._envs:
            env.close()

    def _filled(self, observation: Observation) -> Observation:
        seen = np.zeros(self._entries, dtype=np.float32)
        size = self._features * self._choices
        shown = observation[: self._features * self._there].reshape(self._features, -1)
        seen[:size].reshape(self._features, -1)[:, : self._there] = shown
        seen[size:] = observation[self._features * self._there :]
        return seen
