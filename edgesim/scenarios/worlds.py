"""Random worlds of a scenario, drawn as its problem says."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios.shared import SharedScenario

__all__ = ["random_worlds"]


def random_worlds(scenario: Any, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """The keys that make random worlds of a scenario, one a seed.

    Args:
        scenario: the checked dataclass; :attr:`edgesim.problems.Problem.worlds` says what varies.
        seeds: held-out ones are those of :func:`edgesim.agents.runs.seeds.held_out_seeds`.

    Raises:
        InputError: the problem draws none, or the scenario is one from which none can be drawn.
    """
    problem = scenario.problem
    if isinstance(scenario, SharedScenario):
        accepted = f"are drawn of one problem's scenarios; {scenario.name} is of several problems"
        raise InputError("worlds", len(seeds), accepted)
    if getattr(scenario, "events", None):
        accepted = "are other worlds, and the events are of links and providers of this one"
        raise InputError("worlds", len(seeds), accepted)
    source = PROBLEMS[problem].worlds
    if source is None:
        having = [it.name for it in PROBLEMS.values() if it.worlds is not None]
        accepted = f"the problem {problem} draws no worlds; those that do: {', '.join(having)}"
        raise InputError("worlds", len(seeds), accepted)
    draw = load(source)
    return [draw(np.random.default_rng(seed), scenario) for seed in seeds]
