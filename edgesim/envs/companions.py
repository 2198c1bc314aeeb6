"""Who decides for the other workloads of a shared world while an environment decides for one."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from edgesim.agents.specs import policies_of
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios.shared import FAMILIES, SharedScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.workload import Workload
from edgesim.twin.twin import Twin

__all__ = ["Companions"]


class Companions:
    """The policies that ``deciders`` of a shared scenario names, at work in a running twin.

    Each sees what an environment of its own family shows. What is random in it is drawn from the
    stream ``policy/<family>`` of the episode.

    Args:
        scenario: the shared scenario.
        problem: the family that is decided elsewhere.

    Raises:
        InputError: there is no such policy, or it has to learn before it decides.
    """

    def __init__(self, scenario: SharedScenario, problem: str) -> None:
        self._kinds = {
            family: _Kind(replace(scenario, problem=family), scenario.deciders.get(family))
            for family in FAMILIES
            if family != problem
        }
        self._players: dict[str, _Player] = {}

    def open(self, twin: Twin) -> None:
        """Look at a twin at the beginning of an episode."""
        for family, kind in self._kinds.items():
            seed = int(twin.streams[f"policy/{family}"].integers(2**31))
            self._players[family] = _Player(kind, seed, twin.workloads[family])

    def go_on(self, workload: Workload[Any, Any]) -> None:
        """Run to the next decision of a workload, or to the end."""
        twin = workload.twin
        while (decision := twin.next_decision()) is not None and decision.workload != workload.name:
            self._players[decision.workload].decide()


class _Kind(Shared):
    """A policy by name, and the environments that it decides in."""

    def __init__(self, scenario: SharedScenario, name: str | None) -> None:
        family = scenario.problem
        if name is None:
            raise InputError(f"deciders.{family}", None, "must name a policy")
        spec = policies_of(family).get(name)
        if spec is not None and spec.learns:
            raise InputError(f"deciders.{family}", name, "has to learn first, and cannot be used")
        self.scenario = scenario
        self.make: type[Any] = load(PROBLEMS[family].env)
        self.build = load("edgesim.agents.finding:find_policy")(scenario, name)
        self.takes_masks: Callable[[Any], bool] = load(
            "edgesim.agents.measuring.rollout:takes_masks"
        )


class _Player:
    """A policy that decides for one workload."""

    def __init__(self, kind: _Kind, seed: int, workload: Workload[Any, Any]) -> None:
        self._workload = workload
        self._env = kind.make(scenario=asdict(kind.scenario), **kind.build.env_kwargs)
        self._env.attach(workload)
        self._policy = kind.build([self._env], seed)
        self._masked = kind.takes_masks(self._policy)
        self._state: Any = None
        self._starts = np.ones(1, dtype=bool)

    def decide(self) -> None:
        """Make the decision at hand."""
        env = self._env
        masks = {"action_masks": env.action_masks()[None]} if self._masked else {}
        actions, self._state = self._policy.predict(
            env.observed()[None],
            state=self._state,
            episode_start=self._starts,
            deterministic=True,
            **masks,
        )
        self._starts = np.zeros(1, dtype=bool)
        env.decide(actions[0])
        self._workload.outcomes.clear()  # nobody is paid for them
