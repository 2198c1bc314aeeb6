"""What looking ahead gains by the number of futures, and how long a decision then takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import RESAMPLES
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.tables import summarised, write_table

__all__ = ["TRAININGS", "gap_closed", "tables"]

_SPECIALIST = Training("aigc", "maskable_ppo")
TRAININGS = (_SPECIALIST,)


@dataclass(frozen=True)
class _Case:
    """A scenario and a base policy, which is planned on.

    Attributes:
        label: what the figure calls it.
        scenario: a preset.
        base: the policy; None: the trained agent.
        horizon: the scenario's key that says how long an episode is.
        options: of the planner.
        begins: the policy from which a second share of the gap is counted; None: the base's alone.
    """

    label: str
    scenario: str
    base: str | None
    horizon: str
    options: str
    begins: str | None = None


_CASES = (
    _Case("aigc, adaptive", "aigc", "adaptive", "horizon_s", "horizon_s=4"),
    _Case("aigc, maskable_ppo", "aigc", None, "horizon_s", "horizon_s=4"),
    _Case(
        "sfc, marginal_cost",
        "sfc",
        "marginal_cost",
        "network.horizon_s",
        "horizon_s=10,candidates=2",
        "load_aware_admission",
    ),
)
_FUTURES: Mapping[str, Mapping[str, Sequence[int]]] = {
    "quick": {"aigc": (2, 8), "sfc": (2, 4)},
    "full": {"aigc": (2, 4, 8, 16), "sfc": (2, 4, 8)},
}
_HORIZON_S = {"quick": {"aigc": 60, "sfc": 100}, "full": {"aigc": 100, "sfc": 150}}
"""Short episodes, s: planning takes long."""
_EPISODES = {"quick": 3, "full": 10}


def gap_closed(
    ours: npt.ArrayLike, base: npt.ArrayLike, bound: npt.ArrayLike
) -> tuple[float, float, float]:
    """Share of the way from a base policy to a bound, with its 95 % bootstrap interval.

    The ratio of the mean differences; whole episodes are resampled.

    Args:
        ours: return of each episode, shape (episodes,).
        base: of the base on the same ones.
        bound: likewise.
    """
    gained, gap = (np.asarray(one, dtype=float) - base for one in (ours, bound))
    drawn = np.random.default_rng(0).integers(len(gap), size=(RESAMPLES, len(gap)))
    shares = gained[drawn].mean(axis=1) / gap[drawn].mean(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(gained.mean() / gap.mean()), float(low), float(high)


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``planner.csv``: a row a case and number of futures, 0 for the base alone."""
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for case in _CASES:
        own = _rows(results, case)
        rows += own
        best = own[-1]
        findings.append(
            Finding(
                f"{case.label}: share of the gap to the bound, {best['futures']} futures",
                f"{best['share']:.0%} [{best['share_low']:.0%}, {best['share_high']:.0%}]"
                f" at {best['decision_ms']:.0f} ms a decision",
            )
        )
    write_table(folder, "planner", rows)
    return findings


def _rows(results: ResultStore, case: _Case) -> list[dict[str, Any]]:
    budget = results.budget.name
    base = str(results.folders(_SPECIALIST)[0]) if case.base is None else case.base

    def measured(policy: str) -> Measured:
        keys = {case.horizon: _HORIZON_S[budget][case.scenario]}
        given: dict[str, Any] = {"overrides": keys, "episodes": _EPISODES[budget]}
        return results.measured(case.scenario, policy, **given)

    alone, bound = measured(base), measured("bound")
    begins = alone if case.begins is None else measured(case.begins)
    rows = [_row(case, 0, alone, alone, bound, begins)]
    for futures in _FUTURES[budget][case.scenario]:
        found = measured(f"planner:base={base},futures={futures},{case.options}")
        rows.append(_row(case, futures, found, alone, bound, begins))
    return rows


def _row(
    case: _Case, futures: int, found: Measured, base: Measured, bound: Measured, begins: Measured
) -> dict[str, Any]:
    share, low, high = gap_closed(found["return"], base["return"], bound["return"])
    speed = found.decisions_per_second or float("nan")
    return {
        **summarised(case.label, "policy", found, ("return",)),
        "futures": futures,
        "share": share,
        "share_low": low,
        "share_high": high,
        "from": case.begins or "the base",
        "share_from": gap_closed(found["return"], begins["return"], bound["return"])[0],
        "decision_ms": 1000.0 / speed,
    }
