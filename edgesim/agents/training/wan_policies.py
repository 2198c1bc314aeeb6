"""Policies of training over a WAN, each for n environments of one scenario at once.

The mechanisms of the systems that are compared are policies: what they do at a request to join is
their mechanism (see :data:`edgesim.twin.training.wan.plans.OPTIONS`), and where they pull from
several they plan what is left anew when rates or sources change. At all other decisions they do
alike: a newcomer catches up, joins at the end of a step, and the ring takes the order of which the
shorter step is expected.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.envs.training.wan import WanTrainingEnv
from edgesim.scenarios.checks import one_of
from edgesim.twin.training.wan.plans import KINDS, OPTIONS

__all__ = [
    "Centre",
    "Equal",
    "Fixed",
    "Greedy",
    "Mechanism",
    "Quickest",
    "Random",
    "Restart",
    "RoundRobin",
    "Shared",
    "Single",
]

Actions = npt.NDArray[np.int64]

_NUMBER = {option: number for number, option in enumerate(OPTIONS)}


class _Heuristic(Heuristic):
    """Decides for each environment by itself."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[WanTrainingEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        chosen = [
            _NUMBER[self.option(self._envs[lane])] if self._envs[lane].request else 0
            for lane in range(len(observation))
        ]
        return np.array(chosen, dtype=np.int64)

    @abstractmethod
    def option(self, env: WanTrainingEnv) -> str:
        """The option for an environment, which has a decision."""


class Random(_Heuristic):
    """Any option that is there, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def option(self, env: WanTrainingEnv) -> str:
        """See the class."""
        assert env.request is not None
        return str(self._rng.choice(env.request.options))


class RoundRobin(_Heuristic):
    """The options that are there one after another."""

    def option(self, env: WanTrainingEnv) -> str:
        """See the class."""
        assert env.request is not None
        options = env.request.options
        return options[env.request.number % len(options)]


class Mechanism(_Heuristic):
    """One option at every request to join, and one wherever a pull can be planned anew."""

    join = "pull_all"
    replan = "pull_all"

    def option(self, env: WanTrainingEnv) -> str:
        """See the class."""
        request = env.request
        assert request is not None
        if request.kind == "join":
            return self.join
        if request.kind == "replan":
            return self.replan if self.replan in request.options else request.options[0]
        if request.kind == "ring":
            expected = env.outlook.expected
            return min(request.options, key=lambda option: expected[option].delay_s)
        return request.options[0]


class Greedy(Mechanism):
    """Chaos: from all neighbours, shares by the greedy, each neighbour by its own rate."""


class Fixed(Mechanism):
    """One option for each kind of decision, where it is there; else as the greedy.

    Args:
        envs: the environments.
        seed: not used.
        options: by kind of decision, see :data:`edgesim.twin.training.wan.plans.KINDS`; empty: the
            greedy's.

    Raises:
        InputError: an option that a kind of decision does not have.
    """

    def __init__(self, envs: Sequence[Env], seed: int, **options: str) -> None:
        super().__init__(envs, seed)
        for kind, option in options.items():
            if option:
                one_of(f"fixed {kind}", option, KINDS[kind])
        self._fixed = options

    def option(self, env: WanTrainingEnv) -> str:
        """See the class."""
        request = env.request
        assert request is not None
        option = self._fixed[request.kind]
        return option if option in request.options else super().option(env)


class Shared(Mechanism):
    """The greedy by the rates that the neighbours have together at the newcomer's access link."""

    join = replan = "shared_all"


class Single(Mechanism):
    """Elan, EDL: from the best neighbour, training goes on."""

    join, replan = "pull_1", "keep"

    def option(self, env: WanTrainingEnv) -> str:
        """See the class; where its source has left it takes the next one."""
        request = env.request
        assert request is not None
        if request.kind == "replan" and "keep" not in request.options:
            return "pull_1"
        return super().option(env)


class Equal(Single):
    """From all neighbours the same share."""

    join = "equal_all"


class Restart(Mechanism):
    """Pollux: a checkpoint, and everybody starts again."""

    join = "restart"


class Centre(Single):
    """Autoscaling: a controller decides, the centre sends, all wait."""

    join = "centre"


class Quickest(_Heuristic):
    """The option of which the least idle node-seconds are expected, the newcomer's own included."""

    def option(self, env: WanTrainingEnv) -> str:
        """See the class."""
        request = env.request
        assert request is not None
        expected = env.outlook.expected
        return min(
            request.options, key=lambda option: expected[option].delay_s + expected[option].idle_s
        )
