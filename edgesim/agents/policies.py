"""One protocol for whatever decides: heuristics, trained models, and a user's own code."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from edgesim.envs.making import Env
from edgesim.errors import InputError

__all__ = [
    "Build",
    "Column",
    "Env",
    "Heuristic",
    "Policy",
    "PolicySpec",
    "actions_of",
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


@dataclass(frozen=True)
class PolicySpec:
    """A named policy of a problem.

    Attributes:
        title: one line on what it does.
        build: import string of a :data:`Build`; of a bound, of a function that takes an
            environment that has just been reset and returns the most its episode can pay.
        learns: it is trained (on training episodes only) before it decides.
        knows_hidden: it reads what a decision maker cannot know.
        bound: it is no policy but a bound on the return of all policies.
        requires: key of the scenario that must not be null or false for the policy to make sense.
    """

    title: str
    build: str
    learns: bool = False
    knows_hidden: bool = False
    bound: bool = False
    requires: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of the table that compares policies.

    Attributes:
        heading: what stands above it.
        metrics: the episode metrics whose sum it shows.
        digits: digits after the point.
        requires: as of :class:`PolicySpec`.
    """

    heading: str
    metrics: tuple[str, ...]
    digits: int = 1
    requires: str | None = None


def actions_of(chosen: Any, count: int) -> npt.NDArray[Any]:
    """The actions that a policy returned, checked to be one an environment."""
    actions = np.asarray(chosen)
    if actions.shape[:1] != (count,):
        raise InputError(
            "policy's actions", actions.shape, f"must be one an environment, so {count} rows"
        )
    return actions
