"""Wrappers and rewards of one's own around an environment, named by import strings."""

from collections.abc import Callable, Mapping
from typing import Any, SupportsFloat

import gymnasium

from edgesim.errors import InputError
from edgesim.importing import is_import_string, load

__all__ = ["OwnReward", "own_parts", "wrapped"]

RewardFunction = Callable[[gymnasium.Env[Any, Any], float, dict[str, Any]], float]


def own_parts(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of an environment apart: its own, and ``reward`` and ``wrappers`` of the user's.

    A ``reward`` that is no import string is one of the environment's own.
    """
    inner, outer = dict(arguments), {}
    if inner.get("wrappers"):
        outer["wrappers"] = inner.pop("wrappers")
    inner.pop("wrappers", None)
    reward = inner.get("reward")
    if callable(reward) or (isinstance(reward, str) and is_import_string(reward)):
        outer["reward"] = inner.pop("reward")
    return inner, outer


def wrapped(env: gymnasium.Env[Any, Any], outer: Mapping[str, Any]) -> gymnasium.Env[Any, Any]:
    """An environment in the reward and the wrappers of :func:`own_parts`, the last outermost.

    Raises:
        InputError: one cannot be found, or is not made of an environment.
    """
    if "reward" in outer:
        given = outer["reward"]
        function = load(given, "reward") if isinstance(given, str) else given
        env = OwnReward(env, function)
    names = outer.get("wrappers") or ()
    for name in [names] if isinstance(names, str) else names:
        make = load(name, "wrappers") if isinstance(name, str) else name
        if not callable(make):
            raise InputError("wrappers", name, "must be called with an environment")
        env = make(env)
        if not isinstance(env, gymnasium.Env):
            raise InputError("wrappers", name, f"must return an environment, not {env!r}")
    return env


class OwnReward(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment that pays what a function says.

    The figures of an episode (``info["metrics"]``, ``return`` among them) stay the problem's own,
    so that agents that learned from different rewards are compared by the same score.

    Args:
        env: the environment.
        function: of the environment, its reward and the step's ``info`` (with the parts of the
            reward): what is paid instead.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], function: RewardFunction) -> None:
        super().__init__(env)
        self._function = function

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """A step, paid by the function; ``info["problem_reward"]`` is what the problem pays."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        paid = self._function(self.env, float(reward), info)
        try:
            value = float(paid)
        except (TypeError, ValueError):
            raise InputError("reward", paid, "a reward's function must return a number") from None
        return observation, value, terminated, truncated, {**info, "problem_reward": float(reward)}
