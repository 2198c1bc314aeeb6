"""Virtual networks as the virne benchmark has them: what was published beside what is measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgesim.agents.finding import offered
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import summarised, with_interval, write_table
from edgesim.scenarios import resolve

__all__ = ["NEAR", "PUBLISHED", "SCENARIOS", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

SCENARIOS = ("vne_wx100", "vne_geant", "vne_brain", "vne_latency")

NEAR = 0.015
"""Acceptance ratio by which ours may differ from the published: two means of ten seeds each, whose
standard deviation is about 0.025."""

_EPISODES = 10  # as many seeds as were published
_SOURCE = "arXiv 2507.19234"
_METRICS = ("rac", "lrc", "lar")

PUBLISHED: dict[str, dict[str, tuple[float, float | None]]] = {
    "vne_wx100": {
        "nrm": (0.607, 0.52),
        "pl": (0.681, 0.67),
        "nea": (0.640, None),
        "grc": (0.589, None),
        "MCTS": (0.743, 0.44),
        "PPO-MLP": (0.719, 0.65),
        "best agent": (0.781, 0.74),
    },
    "vne_geant": {
        "nrm": (0.379, 0.51),
        "pl": (0.553, 0.66),
        "nea": (0.472, None),
        "grc": (0.367, None),
        "MCTS": (0.482, None),
        "PPO-MLP": (0.558, 0.67),
        "best agent": (0.604, 0.75),
    },
    "vne_brain": {
        "nrm": (0.483, 0.64),
        "pl": (0.487, 0.70),
        "nea": (0.539, None),
        "grc": (0.484, None),
        "MCTS": (0.408, None),
        "PPO-MLP": (0.513, 0.69),
        "best agent": (0.589, 0.75),
    },
    "vne_latency": {"pl": (0.516, None), "best agent": (0.682, None)},
}
"""Published acceptance ratio and revenue over cost. The best agents are PPO-DualGAT or -DualGCN."""

_OWN_BOUNDS = ("vne_latency",)
"""Where the published setting is not known whole, so that agreement says nothing."""


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``benchmark.csv``: a row a scenario and policy, and one for each published agent."""
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for scenario in SCENARIOS:
        published = dict(PUBLISHED[scenario])
        checked = resolve(scenario)
        for name in (*offered(checked), *offered(checked, bound=True)):
            kind = "bound" if name == "bound" else "policy"
            row = summarised(name, kind, _measured(results, scenario, name), _METRICS)
            rows.append({"scenario": scenario, **row, **_as_published(published.get(name))})
            if name in published:
                findings.append(_beside(scenario, row, published.pop(name)))
        for name, figures in published.items():
            rows.append(
                {"scenario": scenario, "name": name, "kind": "published", **_as_published(figures)}
            )
        findings.append(_ahead(scenario, rows))
    write_table(folder, "benchmark", rows)
    return findings


def _measured(results: ResultStore, scenario: str, name: str) -> Any:
    return results.measured(scenario, name, episodes=results.budget.fewer(_EPISODES))


def _as_published(figures: tuple[float, float | None] | None) -> dict[str, float | None]:
    rac, lrc = figures or (None, None)
    return {"published_rac": rac, "published_lrc": lrc}


def _beside(
    scenario: str, row: Mapping[str, Any], published: tuple[float, float | None]
) -> Finding:
    known = scenario not in _OWN_BOUNDS
    return Finding(
        f"{scenario}, {row['name']}: acceptance ratio",
        with_interval(row, "rac", 3),
        f"{published[0]:.3f}",
        _SOURCE,
        abs(row["rac"] - published[0]) <= NEAR if known else None,
        "" if known else "the bounds on latency are ours",
    )


def _ahead(scenario: str, rows: list[dict[str, Any]]) -> Finding:
    """How far the greedy is ahead of the best published agent."""
    own = {row["name"]: row for row in rows if row["scenario"] == scenario}
    best = own["best agent"]["published_rac"]
    return Finding(
        f"{scenario}: marginal_cost beside the best published agent, acceptance ratio",
        with_interval(own["marginal_cost"], "rac", 3),
        f"{best:.3f}",
        _SOURCE,
        None,
        f"the bound is {own['bound']['rac']:.3f}",
    )
