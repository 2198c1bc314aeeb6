"""QoE over a real topology against the collector's period: what stale knowledge costs."""

from pathlib import Path
from typing import Any

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.sfc.twins import few
from edgesim.reproduction.tables import summarised, with_interval, write_table

__all__ = ["PERIODS_S", "POLICIES", "TRAININGS", "tables"]

PERIODS_S = (0.9, 2.0, 5.0, 15.0, 60.0)
TRUTH_S = 0.0
POLICIES = ("greedy", "load_aware", "load_aware_admission")
AGENT = Training("sfc", "least_squares")
TRAININGS = (AGENT,)

_METRICS = ("qoe", "rejected", "delay_ms", "loss")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``collector.csv``, a row a period and policy; period 0 is the truth.

    ``qoe_lost`` is what a policy reaches less than with the truth on the same episodes.
    """
    rows: list[dict[str, Any]] = []
    truth: dict[str, list[Measured]] = {}
    for period_s in (TRUTH_S, *PERIODS_S):
        for name, runs in _measured(results, period_s).items():
            before = truth.setdefault(name, runs)
            lost = [
                Measured(
                    [
                        {**row, "qoe_lost": known["qoe"] - row["qoe"]}
                        for row, known in zip(run.rows, first.rows, strict=True)
                    ],
                    None,
                )
                for run, first in zip(runs, before, strict=True)
            ]
            kind = "agent" if name == AGENT.agent else "policy"
            row = summarised(name, kind, lost, (*_METRICS, "qoe_lost"))
            rows.append({"period_s": period_s, **row})
    write_table(folder, "collector", rows)
    return _findings({(row["period_s"], row["name"]): row for row in rows})


def _measured(results: ResultStore, period_s: float) -> dict[str, list[Measured]]:
    """All contestants with a collector of that period, the agent once a training seed."""
    known = (
        {"network.collector.period_s": period_s}
        if period_s > TRUTH_S
        else {"network.collector.mode": "truth"}
    )
    episodes = few(results.budget)
    found = {
        policy: [results.measured("sfc", policy, overrides=known, episodes=episodes)]
        for policy in POLICIES
    }
    found[AGENT.agent] = results.measured_agent(AGENT, overrides=known, episodes=episodes)
    return found


def _findings(rows: dict[tuple[float, str], dict[str, Any]]) -> list[Finding]:
    slowest = PERIODS_S[-1]
    return [
        Finding(
            f"{name}: QoE of a request that a period of {slowest:g} s costs against the truth",
            with_interval(rows[slowest, name], "qoe_lost", 3)
            + f" of {rows[TRUTH_S, name]['qoe']:.3f}",
        )
        for name in (*POLICIES, AGENT.agent)
    ]
