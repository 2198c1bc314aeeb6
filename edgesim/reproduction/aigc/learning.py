"""Learning curves of all agents on the authors' setting, beside baselines and bounds."""

from pathlib import Path

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import read_progress, summarised, with_interval, write_table

__all__ = ["AGENTS", "POLICIES", "TRAININGS", "tables"]

AGENTS = ("maskable_ppo", "ppo", "dqn", "qrdqn")
POLICIES = ("random", "round_robin", "overload_avoidance", "prophet", "bandit")
# The later variant of the authors' capacities, for which they publish what learning reaches.
OVERRIDES = ("scenario.capacity_range=[400,900]",)
TRAININGS = tuple(Training("aigc_paper", agent, OVERRIDES) for agent in AGENTS)

_SOURCE = "arXiv 2301.03220, best single test episode of a million-step run"
_PUBLISHED = {"dqn": 503, "ppo": 481}
_METRICS = ("return", "quality", "finished", "lost", "refused", "decisions_per_second")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``learning.csv`` (a row a validation) and ``policies.csv`` (a row a policy)."""
    curve = [
        {
            "agent": training.agent,
            "seed": seed,
            "decisions": int(row["decisions"]),
            "return": row["return"],
        }
        for training in TRAININGS
        for seed, run in enumerate(results.folders(training))
        for row in read_progress(run)
    ]
    write_table(folder, "learning", curve)
    capacity = {"capacity_range": [400, 900]}
    rows = [
        summarised(training.agent, "agent", results.measured_agent(training), _METRICS)
        for training in TRAININGS
    ]
    for policy in POLICIES:
        measured = results.measured("aigc_paper", policy, overrides=capacity)
        rows.append(summarised(policy, "policy", measured, _METRICS))
    bound = results.measured(
        "aigc_paper", "bound", overrides=capacity, episodes=results.budget.fewer(20)
    )
    rows.append(summarised("bound", "bound", bound, _METRICS))
    write_table(folder, "policies", rows)
    return _findings(results, rows)


def _findings(results: ResultStore, rows: list[dict[str, object]]) -> list[Finding]:
    found = []
    by_name = {str(row["name"]): row for row in rows}
    for training in TRAININGS:
        row = by_name[training.agent]
        best = max(run["return"].max() for run in results.measured_agent(training))
        published = _PUBLISHED.get(training.agent)
        found.append(
            Finding(
                f"return of {training.agent}, capacities 400 to 900",
                f"{with_interval(row, 'return')}, best episode {best:.1f}",
                None if published is None else str(published),
                _SOURCE,
                None if published is None else bool(best >= published),
                ""
                if published is None
                else "theirs is a best-of: compare the best episode; "
                "the providers are another draw",
            )
        )
    prophet = by_name["prophet"]
    found.append(
        Finding(
            "return of prophet (the authors' upper bound)",
            with_interval(prophet, "return"),
            "596 to 604",
            _SOURCE,
            None,
            "greedy with hidden knowledge, so no bound: a linear program passes it; "
            "the draw of the providers moves it by some 40",
        )
    )
    return found
