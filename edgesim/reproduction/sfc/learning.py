"""Learning on the authors' service chains: QoE and rejections beside all policies and the bound."""

from pathlib import Path
from typing import Any

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.sfc.published import SOURCE, bounded, compared
from edgesim.reproduction.tables import learning_rows, summarised, with_interval, write_table

__all__ = ["AGENTS", "POLICIES", "TRAININGS", "tables"]

AGENTS = ("maskable_ppo", "ppo", "dqn", "qrdqn")
POLICIES = (
    "random",
    "round_robin",
    "overload_avoidance",
    "shortest_delay",
    "violent",
    "greedy",
    "load_aware",
)
TRAININGS = tuple(Training("sfc_paper", agent) for agent in AGENTS)

_METRICS = ("qoe", "rejected", "delay_ms")
# Mean QoE of a request and rejected share, measured independently on the authors' setting.
_PUBLISHED = {
    "random": (-0.72, 0.209),
    "violent": (3.59, 0.009),
    "greedy": (3.69, 0.0),
}
_OF_AGENTS = {
    "dqn": (1.51, 0.101, f"{SOURCE}: the authors' trained DQN checkpoint"),
    "ppo": (3.35, 0.007, f"{SOURCE}: PPO with the previous instance, 160k decisions"),
}
_BOUND = 3.71
_OTHER_OBSERVATION = "ours also sees the instance chosen last, and the rest of the chain ahead"


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``learning.csv`` (a row a validation) and ``policies.csv`` (a row a policy)."""
    write_table(folder, "learning", learning_rows(results, TRAININGS, ("qoe", "rejected")))
    rows = [
        summarised(training.agent, "agent", results.measured_agent(training), _METRICS)
        for training in TRAININGS
    ]
    for policy, measured in results.measured_all("sfc_paper", POLICIES).items():
        rows.append(summarised(policy, "policy", measured, _METRICS))
    bound = bounded(results, "sfc_paper")
    rows.append(summarised("bound", "bound", bound, _METRICS))
    write_table(folder, "policies", rows)
    return _findings({str(row["name"]): row for row in rows})


def _findings(rows: dict[str, dict[str, Any]]) -> list[Finding]:
    found = []
    for agent in AGENTS:
        row = rows[agent]
        what = f"{agent}: QoE of a request, rejected share"
        here = f"{with_interval(row, 'qoe', 2)}, {row['rejected']:.1%}"
        if agent in _OF_AGENTS:
            qoe, rejected, source = _OF_AGENTS[agent]
            found.append(
                Finding(what, here, f"{qoe}, {rejected:.1%}", source, None, _OTHER_OBSERVATION)
            )
        else:
            found.append(Finding(what, here))
    for policy, (qoe, rejected) in _PUBLISHED.items():
        found.append(compared(rows[policy], qoe, rejected))
    found.append(compared(rows["bound"], _BOUND, None))
    return found
