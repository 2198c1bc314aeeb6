"""The same episodes in two cases: what each figure is in both, and how much it differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.statistics import ci95
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import Rollout
from edgesim.agents.whatif.changes import Case
from edgesim.importing import load
from edgesim.problems import PROBLEMS

__all__ = ["ELEMENT_FIGURES", "Pair", "Played", "elements", "figures", "paired", "play"]

Values = npt.NDArray[np.float64]
Element = tuple[str, str, str]
"""Kind of a thing, its name, and a figure of it."""

ELEMENT_FIGURES = ("load", "latency_p95_s", "drops")
"""What is compared of each link, slice, provider and so on; see
:data:`edgesim.twin.core.series.FIGURES`. Loads and latencies are means over the episode, drops its
sum."""

Progress = Callable[[int], None]


@dataclass
class Played:
    """What came of a case.

    Attributes:
        case: the case.
        rows: what came of each episode, in the order of the seeds.
        elements: figures of links, slices and so on, shape (episodes,), NaN where there is none.
    """

    case: Case
    rows: list[dict[str, Any]]
    elements: dict[Element, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """A figure in two cases, over the episodes in which both have it.

    Attributes:
        base: its mean as it is.
        changed: its mean with the change.
        difference: the mean of the differences, episode by episode.
        low, high: their 95 % interval (Student's t); the difference itself where there is only one.
        episodes: how many there are.
    """

    base: float
    changed: float
    difference: float
    low: float
    high: float
    episodes: int

    @property
    def sure(self) -> bool:
        """Whether the interval excludes 0."""
        return self.episodes > 1 and (self.low > 0 or self.high < 0)


def play(
    case: Case,
    seeds: Sequence[int],
    policy_seed: int,
    *,
    looks: bool,
    progress: Progress | None = None,
) -> Played:
    """Play the episodes of a case.

    Args:
        case: what is played.
        seeds: of the episodes.
        policy_seed: of the policy's own dice.
        looks: whether to look at links, slices and so on over time.
        progress: called now and then with the episodes done.

    Raises:
        InputError: the policy cannot be used.
    """
    build = find_policy(case.scenario, case.policy)
    done: Rollout = load(PROBLEMS[case.scenario.problem].play)(
        case.scenario,
        build,
        seeds,
        policy_seed=policy_seed,
        progress=None if progress is None else lambda episodes, _: progress(episodes),
        record=looks,
    )
    played = Played(case, done.rows)
    for number, log in enumerate(done.logs):
        series = getattr(log, "series", None)
        if series is not None:
            _add(played.elements, series.means(), number, len(seeds))
    return played


def paired(before: Values, after: Values) -> Pair | None:
    """A figure in two cases, from its values by episode; None where no episode has it in both."""
    both = ~(np.isnan(before) | np.isnan(after))
    if not both.any():
        return None
    one, other = before[both], after[both]
    low, high = ci95((other - one).tolist())
    difference = float(np.mean(other - one))
    return Pair(float(one.mean()), float(other.mean()), difference, low, high, int(both.sum()))


def figures(base: Played, other: Played) -> dict[str, Pair]:
    """The metrics of the episodes, in the order of the problem."""
    names: Mapping[str, str] = load(PROBLEMS[base.case.scenario.problem].metrics)
    found = {name: paired(_column(base, name), _column(other, name)) for name in names}
    return {name: pair for name, pair in found.items() if pair is not None}


def elements(base: Played, other: Played) -> dict[Element, Pair]:
    """The figures of links, slices and so on that both cases have."""
    found = {
        key: paired(values, other.elements[key])
        for key, values in base.elements.items()
        if key in other.elements
    }
    return {key: pair for key, pair in found.items() if pair is not None}


def _column(played: Played, name: str) -> Values:
    return np.array([row.get(name) for row in played.rows], dtype=float)


def _add(
    there: dict[Element, Values],
    means: Mapping[Element, float],
    number: int,
    episodes: int,
) -> None:
    for key, value in means.items():
        if key[2] in ELEMENT_FIGURES:
            there.setdefault(key, np.full(episodes, np.nan))[number] = value
