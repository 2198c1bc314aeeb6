"""What shared access links, rates that move and sources that leave do to the greedy's shares."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.reproduction.training import trials

__all__ = ["CASES", "METHODS", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

_STILL = {"backbone.background_share": [0.3, 0.3]}
_MOVING = {"backbone.background_share": [0.0, 0.8], "backbone.background_period_s": 5.0}
_OPEN, _SHARED = {"institutions.download": 100.0}, {"institutions.download": 2.0}

CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "as stated": ({**_STILL, **_OPEN}, False),
    "shared access": ({**_STILL, **_SHARED}, False),
    "moving rates": ({**_MOVING, **_OPEN}, False),
    "a source leaves": ({**_STILL, **_OPEN}, True),
    "all of it": ({**_MOVING, **_SHARED}, True),
}
"""What differs from the formula: keys, and whether a source leaves."""

METHODS = {
    "greedy once": ("pull_all", "keep"),
    "greedy anew": ("pull_all", "pull_all"),
    "together once": ("shared_all", "keep"),
    "together anew": ("shared_all", "shared_all"),
}
"""Shares by each one's own rate or by those they have together; planned once, or anew at changes.
Where a source has left, what it was to send is planned anew in any case."""


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``optimality.csv``: the time of a pull over the fluid's at the rates of its beginning.

    The fluid's is no bound where rates move, for better or worse.
    """
    seeds = 4 * results.budget.fewer(10)
    rows: list[dict[str, Any]] = []
    for case, (keys, leaves) in CASES.items():
        for method, options in METHODS.items():
            key = {"what": "wan pull", "options": options, "keys": keys, "leaves": leaves}
            first = 1000 * results.seed

            def make(
                options: tuple[str, str] = options,
                keys: dict[str, Any] = keys,
                leaves: bool = leaves,
                first: int = first,
            ) -> list[Any]:
                return [
                    trials.pull(16, first + seed, options, keys, leaves) for seed in range(seeds)
                ]

            told = results.kept(
                f"wan_training: pull, {case}, {method}", {**key, "seeds": seeds}, make
            )
            over = np.array([took / fluid for took, _, fluid in told])
            planned = np.array([took / plan for took, plan, _ in told])
            low, high = interval(over)
            rows.append(
                {
                    "case": case,
                    "method": method,
                    "seeds": seeds,
                    "over_fluid": float(over.mean()),
                    "over_fluid_low": low,
                    "over_fluid_high": high,
                    "over_plan": float(planned.mean()),
                }
            )
    write_table(folder, "optimality", rows)
    return [
        Finding(
            f"pull over the fluid's, {row['case']}: {row['method']}",
            f"{row['over_fluid']:.2f} [{row['over_fluid_low']:.2f}, {row['over_fluid_high']:.2f}]",
        )
        for row in rows
        if row["method"] in ("greedy once", "together anew")
    ]
