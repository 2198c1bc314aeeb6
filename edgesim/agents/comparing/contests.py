"""Run folders as contests: who met whom, in which scenario, on which episodes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import normalised
from edgesim.agents.comparing.scores import filled
from edgesim.agents.runs import runfolder
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS, Score

__all__ = ["Contest", "Contestant", "contests_of", "labels"]

_NOT_A_METRIC = ("policy", "seed")

Table = Mapping[int, Mapping[str, Any]]
"""The rows of a policy, by episode seed."""


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

    def fill(self) -> None:
        """Fill in the missing scores of all contestants, and rank these."""
        filled_in = filled(self.score, [c.metrics[self.score.metric] for c in self.contestants])
        for contestant, values in zip(self.contestants, filled_in, strict=True):
            contestant.values = values
        sign = self.score.sign
        self.contestants.sort(key=lambda c: (c.kind != "bound", -sign * float(c.scores.mean())))


def contests_of(folders: Sequence[Path]) -> list[Contest]:
    """The contests that complete run folders make up: one a scenario, equal in every key."""
    runs = [_Run(folder) for folder in folders]
    by_scenario: dict[str, list[_Run]] = {}
    for run in runs:
        by_scenario.setdefault(json.dumps(run.scenario, sort_keys=True), []).append(run)
    names = labels([group[0].scenario for group in by_scenario.values()])
    return [
        _contest(label, group) for label, group in zip(names, by_scenario.values(), strict=True)
    ]


class _Run:
    """What a comparison reads of one run folder."""

    def __init__(self, folder: Path) -> None:
        import pyarrow.parquet as pq

        self.folder = folder
        config = runfolder.read_config(folder)
        self.settings = runfolder.learned_from(config)
        self.scenario = self.settings.pop("scenario")
        self.seed = config.seed
        self.agent = config.agent.name
        try:
            table = pq.read_table(folder / "episodes.parquet").to_pylist()
            self.rows: dict[str, dict[int, dict[str, float]]] = {}
            for row in table:
                self.rows.setdefault(row["policy"], {})[int(row["seed"])] = row
            self.episodes = set(self.rows[self.agent])
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise InputError(
                "run folder", str(folder), f"its episodes.parquet cannot be read ({reason})"
            ) from None


def _contest(label: str, runs: Sequence[_Run]) -> Contest:
    episodes = sorted(set.intersection(*(run.episodes for run in runs)))
    if not episodes:
        raise InputError(
            "runs", str(runs[-1].folder), f"has no episode in common with {runs[0].folder}"
        )
    score = PROBLEMS[runs[0].scenario["problem"]].score
    contest = Contest(label, runs[0].scenario, episodes, score)

    def add(
        name: str,
        kind: str,
        tables: Sequence[Table],
        seeds: list[int],
        settings: Mapping[str, Any],
    ) -> None:
        metrics = _metrics(tables, episodes, score.metric)
        values = metrics[score.metric]
        contest.contestants.append(Contestant(name, kind, seeds, metrics, values, settings))

    variants: dict[str, list[_Run]] = {}
    for run in runs:
        variants.setdefault(json.dumps(run.settings, sort_keys=True), []).append(run)
    names = labels([group[0].settings for group in variants.values()], key="agent.name")
    agents = {run.agent for run in runs}
    for name, variant in zip(names, variants.values(), strict=True):
        group = sorted({run.seed: run for run in variant}.values(), key=lambda run: run.seed)
        tables = [run.rows[run.agent] for run in group]
        seeds = [run.seed for run in group]
        add(name, "agent", tables, seeds, variant[0].settings)
    others = dict.fromkeys(name for run in runs for name in run.rows if name not in agents)
    for name in others:
        # Baselines are equal in all folders: they depend on the evaluation's seed alone.
        table = next(run.rows[name] for run in runs if name in run.rows)
        kind = "bound" if name == "bound" else "policy"
        if set(episodes) <= set(table):
            add(name, kind, [table], [], {})
    contest.fill()
    return contest


def _metrics(
    tables: Sequence[Table], episodes: Sequence[int], score: str
) -> dict[str, npt.NDArray[np.float64]]:
    known = [
        key
        for key in tables[0][episodes[0]]
        if key not in _NOT_A_METRIC
        and (
            key == score
            or any(table[seed][key] is not None for table in tables for seed in episodes)
        )
    ]
    return {
        key: np.array([[table[seed][key] for seed in episodes] for table in tables], dtype=float)
        for key in known
    }


def labels(configurations: Sequence[Mapping[str, Any]], key: str = "name") -> list[str]:
    """Names, each with the keys in which those of its name differ."""
    flats = [runfolder.flat_values(configuration) for configuration in configurations]
    found = []
    for own in flats:
        alike = [other for other in flats if other[key] == own[key]]
        differing = [
            name
            for name in dict.fromkeys(name for other in alike for name in other)
            if any(other.get(name) != own.get(name) for other in alike)
        ]
        found.append(" ".join([str(own[key]), *(f"{n}={_written(own.get(n))}" for n in differing)]))
    return found


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
