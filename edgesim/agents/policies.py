"""One protocol for whatever decides: heuristics, trained models, and a user's own code."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from edgesim.envs.making import Env
from edgesim.errors import InputError

__all__ = [
    "Build",
    "Env",
    "Heuristic",
    "Policy",
    "actions_of",
    "answer_of",
]


@runtime_checkable
class Policy(Protocol):
    """Anything with stable-baselines3's ``predict``.

    Evaluation runs n environments in lock-step and asks for all their decisions at once. A policy
    whose ``predict`` takes ``action_masks`` (sb3-contrib's convention) is given them too, a boolean
    array of shape (n, actions).
    """

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], Any]:
        """Decide for n environments.

        Args:
            observation: one row an environment, shape (n, entries).
            state: what the last call returned; None in the first. A policy that counts or
                remembers keeps it here.
            episode_start: whether the environment begins a new episode, shape (n,).
            deterministic: take the most likely action instead of drawing one; always True in
                evaluation.

        Returns:
            actions, shape (n, ...), and the state for the next call.
        """
        ...


class Heuristic(ABC):
    """A policy that decides by what there is to see now: it has no state and no other mode."""

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], Any]:
        """See :class:`Policy`."""
        return self.choose(observation), state

    @abstractmethod
    def choose(self, observation: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The actions of n environments, shape (n, ...), for a row of observations each."""


Build = Callable[[Sequence[Env], int], Policy]
"""Makes a policy for environments of one scenario (row i of an observation is the i-th's) and the
seed of the policy's own dice."""


def answer_of(answer: Any, count: int) -> tuple[npt.NDArray[Any], Any]:
    """What a policy's ``predict`` returned: its actions, checked to be one an environment; state.

    Raises:
        InputError: it is no pair (actions, state), or has another number of actions.
    """
    if not isinstance(answer, tuple) or len(answer) != 2:
        kind = type(answer).__name__
        raise InputError("policy's predict", kind, "must return a pair (actions, state)")
    return actions_of(answer[0], count), answer[1]


def actions_of(chosen: Any, count: int) -> npt.NDArray[Any]:
    """The actions that a policy returned, checked to be one an environment."""
    actions = np.asarray(chosen)
    if actions.shape[:1] != (count,):
        raise InputError(
            "policy's actions", actions.shape, f"must be one an environment, so {count} rows"
        )
    return actions
