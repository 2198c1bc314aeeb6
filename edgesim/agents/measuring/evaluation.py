"""Policies measured on the same held-out episodes, and what is written of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.scores import Values, filled, present
from edgesim.agents.comparing.statistics import summary
from edgesim.agents.finding import (
    bound_wanted,
    columns_of,
    offered,
    policies_of,
    score_of,
)
from edgesim.agents.measuring.rollout import LANES, Progress, Rollout, Row
from edgesim.agents.measuring.table import print_table
from edgesim.agents.policies import Build, Env
from edgesim.agents.runs.runfolder import read_config
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.importing import load
from edgesim.problems import PROBLEMS, Score
from edgesim.version import version

__all__ = ["BOUND", "Evaluation", "PolicyProgress", "compare", "evaluation_in", "show"]

BOUND = "bound"

PolicyProgress = Callable[[str, int, int], None]
"""Called now and then with the policy at work, its episodes done, and its decisions made."""


@dataclass
class Evaluation:
    """What policies reached on the same episodes.

    Attributes:
        scenario: the scenario's checked dataclass.
        seed: the evaluation seed, from which the episodes follow.
        rows: for each policy one mapping an episode: its seed and metrics, None where one is
            missing. The bound is a row with the problem's score alone.
        speeds: decisions a CPU second of each policy, the simulation included.
    """

    scenario: Any
    seed: int
    episodes: int
    rows: dict[str, list[Row]] = field(default_factory=dict)
    speeds: dict[str, float] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """What ``evaluation.json`` holds.

        A metric of a policy is summed up over the episodes that have it, and left out where none
        has; ``missing`` counts the others. A missing score counts what the score says.
        """
        score = score_of(self.scenario)
        scores = filled(score, [_column(rows, score.metric) for rows in self.rows.values()])
        policies: dict[str, dict[str, Any]] = {}
        for (name, rows), counted in zip(self.rows.items(), scores, strict=True):
            found = {metric: _column(rows, metric) for metric in rows[0] if metric != "seed"}
            found[score.metric], given = counted, found[score.metric]
            policies[name] = {
                metric: summary(present(values))
                for metric, values in found.items()
                if not np.isnan(values).all()
            }
            missing = int(np.isnan(given).sum())
            if missing:
                policies[name]["missing"] = missing
            if self.speeds.get(name):
                policies[name]["decisions_per_second"] = self.speeds[name]
        return {
            "scenario": self.scenario.name,
            "episodes": self.episodes,
            "seed": self.seed,
            "edgesim": version(),
            "score": asdict(score),
            "policies": policies,
            **({} if self._bound_is_proven() else {"bound_proven": False}),
        }

    def _bound_is_proven(self) -> bool:
        """Whether no policy can reach more than the bound, where there is one."""
        specs = policies_of(self.scenario.problem)
        return all(specs[name].proven for name in offered(self.scenario, bound=True))

    def write(self, folder: Path) -> None:
        """Write ``evaluation.json`` and ``episodes.parquet`` (a row an episode and policy).

        Each file appears whole or not at all.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [{"policy": name, **row} for name, played in self.rows.items() for row in played]
        names = dict.fromkeys(key for row in rows for key in row)
        columns = {key: [row.get(key) for row in rows] for key in names}
        with replacing(folder / "episodes.parquet") as part:
            pq.write_table(pa.table(columns), part)
        with replacing(folder / "evaluation.json") as part:
            part.write_text(json.dumps(self.content(), indent=2) + "\n", encoding="utf-8")

    def print(self, highlight: str | None = None) -> None:
        """Print the table."""
        print_table(self.content(), columns_of(self.scenario), highlight=highlight)


def compare(
    scenario: Any,
    policies: Mapping[str, Build],
    episodes: int,
    seed: int = 0,
    bound: bool = False,
    *,
    progress: PolicyProgress | None = None,
    record: Callable[[str, int, Any], None] | None = None,
) -> Evaluation:
    """Measure policies on the same held-out episodes, which follow from ``seed`` alone.

    Args:
        scenario: the scenario's checked dataclass.
        policies: what makes each policy, by the name that the table shows.
        episodes: number of episodes.
        seed: the evaluation seed.
        bound: also work out the most that any policy can reach on each episode.
        progress: called now and then.
        record: called with the policy, the seed and the event log of each episode.

    Raises:
        InputError: a policy cannot be made for the scenario, or it has no bound.
    """
    bound = bound_wanted(scenario, bound)
    seeds = held_out_seeds(seed, episodes)
    done = Evaluation(scenario, seed, episodes)
    problem = PROBLEMS[scenario.problem]
    play = load(problem.play)
    shared: list[Env] | None = None  # a world takes a moment to build
    for name, build in policies.items():
        kwargs = dict(getattr(build, "env_kwargs", {}))
        envs: list[Env] | None = None
        if problem.env and not kwargs and record is None:
            if shared is None:
                shared = make_envs(scenario, min(LANES, episodes))
            envs = shared
        played: Rollout = play(
            scenario,
            build,
            seeds,
            policy_seed=seed,
            progress=None if progress is None else _named(progress, name),
            record=record is not None,
            envs=envs,
        )
        done.rows[name] = played.rows
        done.speeds[name] = played.decisions_per_second
        if record is not None:
            for row, log in zip(played.rows, played.logs, strict=True):
                record(name, int(row["seed"]), log)
    if bound:
        told = None if progress is None else _named(progress, BOUND)
        done.rows[BOUND] = _bounds(scenario, seeds, shared, told)
    for env in shared or ():
        env.close()
    return done


def show(folder: Path) -> None:
    """Print the table of a run folder, its own agent in bold.

    Raises:
        InputError: the folder has no readable ``evaluation.json`` or ``config.yaml``.
    """
    config = read_config(folder)
    print_table(evaluation_in(folder), columns_of(config.scenario), highlight=config.agent.name)


def evaluation_in(folder: Path) -> dict[str, Any]:
    """What the ``evaluation.json`` of a run folder holds.

    Raises:
        InputError: it cannot be read.
    """
    try:
        content: dict[str, Any] = json.loads(
            (folder / "evaluation.json").read_text(encoding="utf-8")
        )
        if not content.keys() >= {"scenario", "episodes", "seed", "policies"}:
            raise ValueError("a key is missing")
        Score.of(content)
    except (OSError, ValueError, AttributeError, TypeError):
        raise InputError("run folder", str(folder), "its evaluation.json cannot be read") from None
    return content


def _named(progress: PolicyProgress, name: str) -> Callable[[int, int], None]:
    return lambda episodes, decisions: progress(name, episodes, decisions)


def _column(rows: Sequence[Row], metric: str) -> Values:
    """A metric of each episode, NaN where it is missing."""
    return np.array([row.get(metric) for row in rows], dtype=float)


def _bounds(
    scenario: Any, seeds: Sequence[int], envs: Sequence[Env] | None, progress: Progress | None
) -> list[Row]:
    """The bound of each episode: worked out of its environment, or given by a method."""
    name = offered(scenario, bound=True)[0]
    bound_of = load(policies_of(scenario.problem)[name].build)
    metric = score_of(scenario).metric
    problem = PROBLEMS[scenario.problem]
    if not problem.env:
        played: Rollout = load(problem.play)(scenario, bound_of, seeds, progress=progress)
        return [{"seed": row["seed"], metric: row[metric]} for row in played.rows]
    env = envs[0] if envs else make_envs(scenario, 1)[0]
    rows: list[Row] = []
    for seed in seeds:
        env.reset(seed=seed)
        rows.append({"seed": seed, metric: float(bound_of(env))})
        if progress is not None:
            progress(len(rows), 0)
    if not envs:
        env.close()
    return rows
