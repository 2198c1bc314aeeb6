"""How much work a reproduction spends: enough to look at, or what our reported figures use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from edgesim.config.compose import compose
from edgesim.errors import InputError, did_you_mean

__all__ = ["BUDGETS", "Budget", "Training", "budget"]


@dataclass(frozen=True)
class Training:
    """What a figure needs trained, once a seed.

    Attributes:
        scenario: a preset.
        agent: a preset.
        overrides: further ones, as on the command line.
        quick: whether budgets that learn from a part of the decisions train it too.
    """

    scenario: str
    agent: str
    overrides: tuple[str, ...] = ()
    quick: bool = True

    @property
    def scenario_keys(self) -> dict[str, Any]:
        """The keys of the scenario that it replaces, dotted."""
        pairs = (override.partition("=")[::2] for override in self.overrides)
        prefix = "scenario."
        return {
            name.removeprefix(prefix): yaml.safe_load(value)
            for name, value in pairs
            if name.startswith(prefix)
        }


@dataclass(frozen=True)
class Budget:
    """How much is spent on every figure.

    Attributes:
        name: ``quick`` or ``full``.
        seeds: training seeds.
        steps: share of an agent's decisions that it learns from.
        episodes: held-out episodes on which all are measured.
        settings: further overrides of every training.
    """

    name: str
    seeds: int
    steps: float
    episodes: int
    settings: tuple[str, ...] = ()

    def overrides(self, training: Training) -> list[str]:
        """The command line of a training, but for its seed.

        In the full budget it is the one of the presets, so that runs that a person has made
        already are found.
        """
        line = [f"scenario={training.scenario}", f"agent={training.agent}", *training.overrides]
        if self.steps < 1:
            whole = compose("train", line).agent.total_steps
            line.append(f"total_steps={max(round(whole * self.steps), 1)}")
        return [*line, *self.settings]

    def takes(self, training: Training) -> bool:
        """Whether it pays for a training."""
        return training.quick or self.steps >= 1

    def fewer(self, episodes: int) -> int:
        """At most so many episodes: for what takes long and varies little."""
        return min(self.episodes, episodes)


BUDGETS: dict[str, Budget] = {
    "quick": Budget(
        "quick",
        seeds=2,
        steps=0.1,
        episodes=10,
        settings=("bound=false", "episodes=2", "validations=8", "validation_episodes=3"),
    ),
    "full": Budget("full", seeds=5, steps=1.0, episodes=100),
}


def budget(name: str, seeds: int | None, known: Sequence[str] = tuple(BUDGETS)) -> Budget:
    """A budget by name, with another number of training seeds where one is given.

    Raises:
        InputError: there is none of that name.
    """
    if name not in BUDGETS:
        raise InputError("budget", name, did_you_mean(name, known))
    found = BUDGETS[name]
    if seeds is None:
        return found
    return Budget(found.name, seeds, found.steps, found.episodes, found.settings)
