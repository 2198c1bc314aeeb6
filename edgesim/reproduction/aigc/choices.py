"""What policies do: where they send requests of so many steps, beside the hidden quality."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.reproduction.aigc.learning import OVERRIDES
from edgesim.reproduction.aigc.tasks import CAPACITY
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore, identity
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.twin.aigc.world import AIGCWorld

__all__ = ["TRAININGS", "tables"]

TRAININGS = (Training("aigc_paper", "maskable_ppo", OVERRIDES),)
POLICIES = ("overload_avoidance", "prophet")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``choices.csv``: a row a policy, provider and number of steps.

    Of the requests that ask for so many steps, ``share`` went to the provider; ``quality`` is the
    gain that they reach there. The seeds of an agent are taken together.
    """
    scenario = resolve("aigc_paper", CAPACITY)
    world = AIGCWorld(scenario)
    low, high = scenario.steps_range
    asked = range(low, high + 1, scenario.steps_increment)
    deciding: dict[str, list[str]] = {
        POLICIES[0]: [POLICIES[0]],
        TRAININGS[0].agent: [str(path) for path in results.folders(TRAININGS[0])],
        POLICIES[1]: [POLICIES[1]],
    }
    rows: list[dict[str, Any]] = []
    found = []
    for name, policies in deciding.items():
        counts = np.sum([_choices(results, scenario, policy, asked) for policy in policies], axis=0)
        shares = counts / np.maximum(counts.sum(axis=0), 1)
        quality = np.array([world.curves.gains(steps) for steps in asked]).T
        rows += [
            {
                "policy": name,
                "provider": provider,
                "steps": steps,
                "share": float(shares[provider, column]),
                "quality": float(quality[provider, column]),
            }
            for provider in range(len(world.providers))
            for column, steps in enumerate(asked)
        ]
        paid = float((shares * quality).sum(axis=0).mean())
        rank = float(spearmanr(shares.ravel(), quality.ravel()).statistic)
        found.append(
            Finding(
                f"choices of {name}",
                f"rank correlation of share and hidden quality {rank:.2f};"
                f" mean quality of a choice {paid:.3f}",
            )
        )
    write_table(folder, "choices", rows)
    return found


def _choices(results: ResultStore, scenario: Any, policy: str, asked: Sequence[int]) -> Any:
    """How often each provider was chosen for each number of steps, shape (providers, steps)."""
    episodes = results.budget.fewer(10)

    def make() -> list[list[int]]:
        build = find_policy(scenario, policy)
        seeds = held_out_seeds(results.seed, episodes)
        played = rollout(scenario, build, seeds, policy_seed=results.seed, record=True)
        counts = Counter(
            (provider, int(steps))
            for log in played.logs
            for _, event, _, provider, steps in log.rows
            if event == "choose"
        )
        return [[counts[p, steps] for steps in asked] for p in range(scenario.provider_count)]

    key = {
        "scenario": asdict(scenario),
        "policy": identity(policy),
        "episodes": episodes,
        "seed": results.seed,
    }
    return np.array(results.kept("choices in aigc_paper", key, make))
