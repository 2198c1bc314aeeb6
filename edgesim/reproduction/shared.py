"""What AIGC users and service chains lose by each other, and what seeing the links is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import takes_masks
from edgesim.envs.twin_env import episode_seed
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.tables import summarised, write_table
from edgesim.scenarios import resolve
from edgesim.scenarios.shared import FAMILIES, SharedScenario
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.shared import SharedWorld

__all__ = ["TRAININGS", "played", "tables"]

TRAININGS: tuple[Training, ...] = ()

_METRICS = {"aigc": ("return", "quality", "latency_s", "late"), "sfc": ("qoe", "rejected")}
_CASES: tuple[tuple[str, Sequence[str], bool], ...] = (
    ("alone", (), False),
    ("together", FAMILIES, False),
    ("together, users see the links", FAMILIES, True),
)

Row = dict[str, float]


def played(
    scenario: SharedScenario, families: Sequence[str], seed: int, *, sees_links: bool = False
) -> dict[str, Row]:
    """One episode under the policies that the scenario names: the metrics of each family.

    Args:
        scenario: the shared scenario.
        families: which take part. What is random in each is the same with and without the others.
        seed: of the episode.
        sees_links: whether the policy of the users sees the present load of the links.
    """
    world: SharedWorld = shared_world(SharedWorld, scenario)
    twin = world.twin(episode_seed(np.random.default_rng(seed)), families=families)
    envs, players = {}, {}
    for family in families:
        given = {"sees_links": sees_links} if family == "aigc" else {}
        whole = replace(scenario, problem=family)
        env = load(PROBLEMS[family].env)(scenario=asdict(whole), **given)
        env.attach(twin.workloads[family])
        envs[family] = env
        players[family] = find_policy(whole, scenario.deciders[family])([env], seed)
    while (decision := twin.next_decision()) is not None:
        env, policy = envs[decision.workload], players[decision.workload]
        masks = {"action_masks": env.action_masks()[None]} if takes_masks(policy) else {}
        actions, _ = policy.predict(env.observed()[None], deterministic=True, **masks)
        env.decide(actions[0])
        env.settle(over=False)
    return {family: env.settle(over=True)[1]["metrics"] for family, env in envs.items()}


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``shared.csv``: a row a family and case, and one for each paired difference."""
    scenario: SharedScenario = resolve("shared")
    measured = {case: _measured(results, scenario, *case) for case in _CASES}
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for family, metrics in _METRICS.items():
        before: Measured | None = None
        for case in _CASES:
            found = measured[case][family]
            rows.append({"family": family, **summarised(case[0], "policy", found, metrics)})
            if before is not None:
                change = _difference(before, found, metrics)
                name = f"{case[0]}: change"
                row = {"family": family, **summarised(name, "difference", change, metrics)}
                rows.append(row)
                key = metrics[0]
                findings.append(
                    Finding(
                        f"{family}, {case[0]}: change of {key}",
                        f"{row[key]:.3f} ({row[f'{key}_low']:.3f} to {row[f'{key}_high']:.3f})",
                    )
                )
            before = found
    write_table(folder, "shared", rows)
    return findings


def _difference(one: Measured, other: Measured, metrics: Sequence[str]) -> Measured:
    """Episode by episode, what changes from one case to the next."""
    rows = [
        {metric: after[metric] - before[metric] for metric in metrics}
        for before, after in zip(one.rows, other.rows, strict=True)
    ]
    return Measured(rows, None)


def _measured(
    results: ResultStore,
    scenario: SharedScenario,
    name: str,
    families: Sequence[str],
    sees_links: bool,
) -> Mapping[str, Measured]:
    episodes = results.budget.fewer(20)
    seeds = np.random.SeedSequence(results.seed).generate_state(episodes).tolist()
    key = {"shared": asdict(scenario), "case": name, "seeds": seeds}

    def make() -> dict[str, list[Row]]:
        if families:
            play = partial(played, scenario, families, sees_links=sees_links)
            rows = [play(seed) for seed in seeds]
            return {family: [row[family] for row in rows] for family in families}
        return {
            family: [played(scenario, [family], seed)[family] for seed in seeds]
            for family in FAMILIES
        }

    found = results.kept(f"shared: {name}", key, make)
    return {family: Measured(rows, None) for family, rows in found.items()}
