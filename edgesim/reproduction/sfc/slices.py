"""What each slice gets of each policy: QoE and rejected share of eMBB, URLLC and mMTC."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore, identity
from edgesim.reproduction.sfc.twins import episodes_of, few
from edgesim.reproduction.tables import summarised, write_table
from edgesim.scenarios import resolve
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["AGENT", "POLICIES", "TRAININGS", "paid_by_slice", "tables"]

POLICIES = ("random", "shortest_delay", "greedy", "load_aware", "load_aware_admission")
AGENT = Training("sfc", "least_squares")
TRAININGS = (AGENT,)

_METRICS = ("qoe", "qoe_admitted", "rejected")

Shares = dict[str, dict[str, float]]


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``slices.csv``, a row a policy and slice."""
    contestants = {policy: [_measured(results, policy)] for policy in POLICIES}
    contestants[AGENT.agent] = [_measured(results, str(run)) for run in results.folders(AGENT)]
    rows: list[dict[str, Any]] = []
    for name, runs in contestants.items():
        kind = "agent" if name == AGENT.agent else "policy"
        for part in runs[0][0]:
            measured = [Measured([episode[part] for episode in run], None) for run in runs]
            rows.append({"slice": part, **summarised(name, kind, measured, _METRICS)})
    write_table(folder, "slices", rows)
    return [_finding(part, rows) for part in dict.fromkeys(row["slice"] for row in rows)]


def paid_by_slice(twin: SFCWorkload) -> Shares:
    """What an episode that is over and recorded has paid, by slice.

    Chains that still run are paid for their life so far, as the environment pays them.

    Returns:
        for each slice ``requests``, ``qoe`` (paid a request), ``qoe_admitted`` (paid an admitted
        one) and ``rejected`` (share of the requests).
    """
    scenario, log = twin.scenario, twin.log
    assert scenario.network is not None and log is not None
    kinds = [request.kind for request in twin.requests()]
    names = [part.name for part in scenario.network.slices]
    paid, refused, count = ([0.0] * len(names) for _ in range(3))
    for kind in kinds:
        count[kind] += 1
    for _, event, request, _, value in log.rows:
        if event == "release":
            paid[kinds[request]] += value
        elif event == "drop":
            paid[kinds[request]] += scenario.qoe.dropped
        elif event.startswith("reject"):
            refused[kinds[request]] += 1
    for number, (chain, admitted_s) in twin.running.items():
        paid[kinds[number]] += chain.mean_qoe(admitted_s, twin.clock.now)
    return {
        name: {
            "requests": count[kind],
            "qoe": (paid[kind] + scenario.qoe.rejected * refused[kind]) / max(count[kind], 1),
            "qoe_admitted": paid[kind] / max(count[kind] - refused[kind], 1),
            "rejected": refused[kind] / max(count[kind], 1),
        }
        for kind, name in enumerate(names)
    }


def _measured(results: ResultStore, policy: str) -> list[Shares]:
    scenario: SFCScenario = resolve("sfc")
    episodes = few(results.budget)
    key = {
        "scenario": asdict(scenario),
        "policy": identity(policy),
        "episodes": episodes,
        "seed": results.seed,
    }

    def make() -> list[Shares]:
        return [
            paid_by_slice(twin) for twin in episodes_of(scenario, policy, episodes, results.seed)
        ]

    found: list[Shares] = results.kept(f"sfc by slice: {policy}", key, make)
    return found


def _finding(part: str, rows: list[dict[str, Any]]) -> Finding:
    told = [
        f"{row['name']} {row['qoe']:.2f} ({row['rejected']:.1%})"
        for row in rows
        if row["slice"] == part and row["name"] != "random"
    ]
    return Finding(f"{part}: QoE of a request (rejected share)", ", ".join(told))
