"""What a problem says of its policies and their table, without importing anything heavy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgesim.importing import load
from edgesim.plugins import loaded
from edgesim.problems import PROBLEMS

__all__ = ["Column", "PolicySpec", "policies_of"]


@dataclass(frozen=True)
class PolicySpec:
    """A named policy of a problem.

    Attributes:
        title: one line on what it does.
        build: import string of a :data:`edgesim.agents.policies.Build`; of a bound, of a function
            that takes an environment that has just been reset and returns the most its episode can
            pay.
        learns: it is trained (on training episodes only) before it decides.
        knows_hidden: it reads what a decision maker cannot know.
        bound: it is no policy but a bound on the return of all policies.
        proven: of a bound, whether it is proven; tables say of another that it is not.
        options: what may be set behind its name (``planner:futures=16,horizon_s=10``), with what
            each is by default; further arguments of ``build``.
        slow: it takes long to decide: ``policy=all`` and the table of a training leave it out.
        requires: key of the scenario that must not be null or false for the policy to make sense.
        needs: what ``requires`` asks for, in words, where it is no key that a user sets.
        environment: arguments of the environments that it decides in, where they are not the usual.
        around: the option that names another policy, whose environments it decides in; what
            ``environment`` says goes before.
    """

    title: str
    build: str
    learns: bool = False
    knows_hidden: bool = False
    bound: bool = False
    proven: bool = True
    requires: str | None = None
    needs: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    slow: bool = False
    around: str | None = None


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


def policies_of(problem: str) -> Mapping[str, PolicySpec]:
    """The named policies and bounds of a problem, its own first, then those of other packages."""
    own: Mapping[str, PolicySpec] = load(PROBLEMS[problem].policies)
    added: dict[str, PolicySpec] = {}
    for _, specs in loaded("edgesim.policies", problem):
        added |= specs
    return {**own, **{name: it for name, it in added.items() if name not in own}} if added else own
