"""Learning over whole chains from a random start, beside the rules that know nothing hidden."""

from pathlib import Path

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import learning_rows, summarised, with_interval, write_table

__all__ = ["POLICIES", "TRAININGS", "tables"]

AGENT = Training("sfc", "least_squares", ("validation_episodes=10", "validations=10"))
TRAININGS = (AGENT,)
POLICIES = ("random_chain", "greedy", "load_aware", "load_aware_admission", "marginal_cost")

_EPISODES = 60
_METRICS = ("return", "qoe", "rejected")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``learning.csv`` (a row a validation) and ``policies.csv`` (a row a policy)."""
    write_table(folder, "learning", learning_rows(results, TRAININGS, ("return",)))
    episodes = results.budget.fewer(_EPISODES)
    runs = results.measured_agent(AGENT, episodes=episodes)
    row = summarised(AGENT.agent, "agent", runs, _METRICS)
    rows = [row]
    findings = [Finding("least_squares: return", with_interval(row, "return"))]
    own = np.array([run["return"] for run in runs])
    for policy, measured in results.measured_all("sfc", POLICIES, episodes=episodes).items():
        rows.append(summarised(policy, "policy", measured, _METRICS))
        ahead = own - measured["return"]
        low, high = interval(ahead)
        findings.append(
            Finding(
                f"least_squares minus {policy}, episode by episode: return",
                f"{ahead.mean():.1f} [{low:.1f}, {high:.1f}]",
            )
        )
    write_table(folder, "policies", rows)
    return findings
