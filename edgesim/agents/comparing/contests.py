"""Folders of results as contests: who met whom, in which scenario, on which episodes."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import normalised
from edgesim.agents.comparing.played import Played, Table, read_played
from edgesim.agents.comparing.scores import filled
from edgesim.agents.runs import runfolder
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS, Score

__all__ = ["Contest", "Contestant", "contests_of", "differences", "labels"]

_NOT_A_METRIC = ("policy", "seed")


@dataclass
class Contestant:
    """A policy, a bound, or the runs of one agent, in one contest.

    Attributes:
        name: the policy, or the agent with the keys in which its variants differ.
        kind: ``"agent"``, ``"policy"`` or ``"bound"``.
        seeds: training seeds, empty where nothing is trained by us.
        metrics: for each episode metric an array of shape (runs, episodes), NaN where missing.
        values: the score of each episode, missing ones filled in, shape (runs, episodes).
        settings: what an agent learned by, apart from scenario and seed; empty for all others.
    """

    name: str
    kind: str
    seeds: list[int]
    metrics: dict[str, npt.NDArray[np.float64]]
    values: npt.NDArray[np.float64]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """The mean score of each run, shape (runs,)."""
        return np.asarray(self.values.mean(axis=1))


@dataclass
class Contest:
    """Contestants on the same held-out episodes of one scenario.

    Attributes:
        label: the scenario, with the keys in which several of its name differ.
        keys: those of the scenario, nested.
        episodes: their seeds.
        score: which metric counts.
        contestants: best first, the bound above all.
    """

    label: str
    keys: Mapping[str, Any]
    episodes: list[int]
    score: Score
    contestants: list[Contestant] = field(default_factory=list)

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return str(self.keys["name"])

    def of(self, kind: str) -> list[Contestant]:
        """Its agents, policies or bounds, best first."""
        return [contestant for contestant in self.contestants if contestant.kind == kind]

    def normalised(self, contestant: Contestant) -> npt.NDArray[np.float64] | None:
        """Scores between the random policy (0) and the bound (1), shape (runs,).

        None where the folders hold no bound or no random policy.
        """
        ends = {c.name: float(c.scores.mean()) for c in self.contestants if c.kind != "agent"}
        if "bound" not in ends or "random" not in ends:
            return None
        sign = self.score.sign
        return normalised(sign * contestant.scores, sign * ends["random"], sign * ends["bound"])

    def add(
        self,
        name: str,
        kind: str,
        tables: Sequence[Table],
        seeds: Sequence[int] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a contestant; :meth:`fill` is to be called when all are there."""
        metrics = _metrics(tables, self.episodes, self.score.metric)
        values = metrics[self.score.metric]
        self.contestants.append(
            Contestant(name, kind, list(seeds), metrics, values, settings or {})
        )

    def fill(self) -> None:
        """Fill in the missing scores of all contestants, and rank these."""
        filled_in = filled(self.score, [c.metrics[self.score.metric] for c in self.contestants])
        for contestant, values in zip(self.contestants, filled_in, strict=True):
            contestant.values = values
        sign = self.score.sign
        self.contestants.sort(key=lambda c: (c.kind != "bound", -sign * float(c.scores.mean())))


def contests_of(folders: Sequence[Path]) -> list[Contest]:
    """The contests that complete folders make up: one a scenario, equal in every key.

    Args:
        folders: of trainings, evaluations and simulations, in any mixture.

    Raises:
        InputError: one cannot be read, or two of one scenario have no episode in common.
    """
    played = [read_played(folder) for folder in folders]
    by_scenario: dict[str, list[Played]] = {}
    for one in played:
        by_scenario.setdefault(json.dumps(one.scenario, sort_keys=True), []).append(one)
    names = labels([group[0].scenario for group in by_scenario.values()])
    return [
        _contest(label, group) for label, group in zip(names, by_scenario.values(), strict=True)
    ]


def _contest(label: str, folders: Sequence[Played]) -> Contest:
    episodes = sorted(set.intersection(*(one.episodes for one in folders)))
    if not episodes:
        raise InputError(
            "runs", str(folders[-1].folder), f"has no episode in common with {folders[0].folder}"
        )
    score = PROBLEMS[folders[0].scenario["problem"]].score
    contest = Contest(label, folders[0].scenario, episodes, score)
    runs = [one for one in folders if one.agent is not None]
    variants: dict[str, list[Played]] = {}
    for run in runs:
        variants.setdefault(json.dumps(run.settings, sort_keys=True), []).append(run)
    names = labels([group[0].settings for group in variants.values()], key="agent.name")
    for name, variant in zip(names, variants.values(), strict=True):
        group = sorted({run.seed: run for run in variant}.values(), key=lambda run: run.seed)
        tables = [run.rows[str(run.agent)] for run in group]
        contest.add(name, "agent", tables, [run.seed for run in group], variant[0].settings)
    for name, table in _others(folders, {str(run.agent) for run in runs}, episodes):
        contest.add(name, "bound" if name == "bound" else "policy", [table])
    contest.fill()
    return contest


def _others(
    folders: Sequence[Played], agents: Collection[str], episodes: Sequence[int]
) -> Iterator[tuple[str, Table]]:
    """The policies and bounds that folders hold, each once.

    Baselines are equal in all folders: they depend on the evaluation's seed alone. A policy of
    one's own that differs in two folders (its code has changed) stands there twice.
    """
    found: dict[str, list[Table]] = {}
    for one in folders:
        for name, table in one.rows.items():
            if (name in agents and one.agent is not None) or not set(episodes) <= set(table):
                continue
            known = found.setdefault(name, [])
            if not any(_equal(table, other, episodes) for other in known):
                known.append(table)
                yield name if len(known) == 1 else f"{name} ({one.folder})", table


def _equal(one: Table, other: Table, episodes: Sequence[int]) -> bool:
    """Whether two tables have the same figures, as far as both have them."""
    for seed in episodes:
        for key in one[seed].keys() & other[seed].keys():
            a, b = one[seed][key], other[seed][key]
            both = isinstance(a, int | float) and isinstance(b, int | float)
            if a != b and not (both and isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)):
                return False
    return True


def _metrics(
    tables: Sequence[Table], episodes: Sequence[int], score: str
) -> dict[str, npt.NDArray[np.float64]]:
    known = [
        key
        for key in tables[0][episodes[0]]
        if key not in _NOT_A_METRIC
        and (
            key == score
            or any(table[seed].get(key) is not None for table in tables for seed in episodes)
        )
    ]
    return {
        key: np.array(
            [[table[seed].get(key) for seed in episodes] for table in tables], dtype=float
        )
        for key in known
    }


def labels(configurations: Sequence[Mapping[str, Any]], key: str = "name") -> list[str]:
    """Names, each with the keys in which those of its name differ; no two are equal."""
    flats = [runfolder.flat_values(configuration) for configuration in configurations]
    found: list[str] = []
    for own in flats:
        alike = [other for other in flats if other[key] == own[key]]
        differing = [
            name
            for name in dict.fromkeys(name for other in alike for name in other)
            if any(other.get(name) != own.get(name) for other in alike)
        ]
        label = " ".join([str(own[key]), *(f"{n}={_written(own.get(n))}" for n in differing)])
        again = sum(label == other or other.startswith(f"{label} (") for other in found)
        found.append(f"{label} ({again + 1})" if again else label)
    return found


def differences(contests: Sequence[Contest]) -> list[dict[str, Any]]:
    """How the scenarios of contests differ from the first of the same problem.

    Returns:
        for each contest but the first of its problem ``contest``, ``from`` (the label of the
        first), and ``keys``: the values there and here, by dotted key.
    """
    first: dict[str, Contest] = {}
    found = []
    for contest in contests:
        base = first.setdefault(str(contest.keys["problem"]), contest)
        if base is contest:
            continue
        before, after = (runfolder.flat_values(one.keys) for one in (base, contest))
        keys = {
            key: [before.get(key), after.get(key)]
            for key in dict.fromkeys((*before, *after))
            if before.get(key) != after.get(key) and key != "name"
        }
        found.append({"contest": contest.label, "from": base.label, "keys": keys})
    return found


_WIDEST = 48  # characters of a value in a label


def _written(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return f"{len(value)} stated"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
