"""Who serves whom: the users of one episode at their requests, and where these were sent."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import takes_masks
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.envs.making import make_envs
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore, identity
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.twin.aigc.world import AIGCWorld

__all__ = ["TRAININGS", "tables"]

TRAININGS = (Training("aigc", "maskable_ppo"),)


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``sites.csv``, ``links.csv`` and ``requests.csv``.

    A row of the last is a request under a policy: where its user was, and the provider. The agent
    is the first training seed's.
    """
    scenario = resolve("aigc")
    world = AIGCWorld(scenario)
    assert world.sites_m is not None
    low, high = scenario.steps_range
    asked = range(low, high + 1, scenario.steps_increment)
    quality = np.mean([world.curves.gains(steps) for steps in asked], axis=0)
    sites = [
        {"site": k, "x_m": float(x), "y_m": float(y), "quality": float(quality[k])}
        for k, (x, y) in enumerate(world.sites_m)
    ]
    write_table(folder, "sites", sites)
    links = [{"one": a, "other": b} for a, b in sorted(world.network.wiring.edges)]
    write_table(folder, "links", links)
    deciding = {"nearest": "nearest", TRAININGS[0].agent: str(results.folders(TRAININGS[0])[0])}
    rows: list[dict[str, Any]] = []
    found = []
    for name, policy in deciding.items():
        key = {"scenario": asdict(scenario), "policy": identity(policy), "seed": results.seed}
        served = results.kept(
            f"who serves whom in aigc: {name}", key, partial(_played, results, policy)
        )
        rows += [{"policy": name, **row} for row in served]
        far = np.mean(
            [np.hypot(*(world.sites_m[r["provider"]] - (r["x_m"], r["y_m"]))) for r in served]
        )
        paid = np.mean([quality[row["provider"]] for row in served])
        found.append(
            Finding(
                f"{name} in one episode of aigc",
                f"provider {far:.0f} m from its user on average, of mean hidden quality {paid:.3f}",
            )
        )
    write_table(folder, "requests", rows)
    return found


def _played(results: ResultStore, policy: str) -> list[dict[str, Any]]:
    """The requests of the first held-out episode."""
    build = find_policy(resolve("aigc"), policy)
    envs = make_envs(resolve("aigc"), 1, build.env_kwargs)
    decide = build(envs, results.seed)
    env: Any = envs[0]
    observation, _ = env.reset(seed=held_out_seeds(results.seed, 1)[0])
    rows, state, start, over = [], None, True, False
    while not over:
        masks = {"action_masks": env.unwrapped.action_masks()[None]} if takes_masks(decide) else {}
        chosen, state = decide.predict(
            observation[None],
            state=state,
            episode_start=np.array([start]),
            deterministic=True,
            **masks,
        )
        start = False
        twin = env.unwrapped.twin
        x, y = twin.delivery.position_m(twin.last)
        provider = int(chosen[0]) % len(twin.available)
        rows.append({"x_m": float(x), "y_m": float(y), "provider": provider})
        observation, _, over, _, _ = env.step(chosen[0])
    env.close()
    return rows
