"""Chains under attack: damage against QoE as the price of damage grows, rule by rule.

The price scales what every attack flow costs that passes; false alarms keep theirs. What a policy
loses is told at a price of 1 whatever it decided by, so that a policy draws a curve: QoE less false
alarms, against damage. At a price p a policy's return a request is ``y - p x``, and the bound's is
b: no policy lies above the line ``y = b + p x``, so the lowest of these lines bounds all curves.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.tables import summarised, write_table
from edgesim.scenarios import resolve

__all__ = ["CURVES", "PRICES", "TRAININGS", "less", "requests", "tables"]

SCENARIO = "sfc_attack"
PRICES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
CURVES = {
    "always off": "fixed:point=off",
    "always strictest": "strictest",
    "forest everywhere": "fixed:point=forest",
    "by_slice": "by_slice",
    "load_aware": "load_aware",
}
"""What is swept, by the name in the figure."""

AGENT = "least_squares"
# Measured here, on the figure's episodes: nothing is measured at the end of a training.
TRAININGS = (
    Training(
        SCENARIO,
        AGENT,
        ("bound=false", "baselines=false", "episodes=2", "validations=5", "validation_episodes=4"),
        quick=False,  # a tenth of its decisions is less than the first of its five fits
    ),
)

_AGAINST = "load_aware"
_EPISODES = 10
_METRICS = ("return", "qoe", "damage", "false_alarms", "detected_share", "rejected")

Values = npt.NDArray[np.float64]


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``curves.csv``, ``points.csv``, ``bound.csv`` and ``differences.csv``."""
    episodes = results.budget.fewer(_EPISODES)
    runs: dict[tuple[str, float], list[Measured]] = {}
    bounds: dict[float, Measured] = {}
    for price in PRICES:
        given: dict[str, Any] = {"overrides": {"attacks.price": price}, "episodes": episodes}
        for name, policy in CURVES.items():
            runs[name, price] = [results.measured(SCENARIO, policy, **given)]
        if results.budget.takes(TRAININGS[0]):
            runs[AGENT, price] = results.measured_agent(TRAININGS[0], **given)
        bounds[price] = results.measured(SCENARIO, "bound", **given)
    write_table(folder, "curves", [_row(name, price, of) for (name, price), of in runs.items()])
    write_table(folder, "bound", _bounding(runs, bounds))
    write_table(folder, "points", _points(results, episodes))
    differences = less(runs, bounds)
    write_table(folder, "differences", differences)
    return _findings(differences, episodes)


def requests(measured: Measured) -> Values:
    """Requests of each episode: a return is what they pay on average, times them."""
    each = measured["qoe"] - measured["damage"] - measured["false_alarms"]
    return np.round(measured["return"] / each)


def less(
    runs: Mapping[tuple[str, float], Sequence[Measured]], bounds: Mapping[float, Measured]
) -> list[dict[str, Any]]:
    """Return a request less load_aware's, at every price, on the same episodes."""
    rows = []
    for price, bound in bounds.items():
        (aware,) = runs[_AGAINST, price]
        count = requests(aware)
        of = {name: they for (name, at), they in runs.items() if at == price and name != _AGAINST}
        of["bound"] = [bound]
        for name, they in of.items():
            more = np.array([(it["return"] - aware["return"]) / count for it in they])
            low, high = interval(more)
            row = {"name": name, "kind": _kind(name), "price": price, "less": float(more.mean())}
            rows.append(row | {"less_low": low, "less_high": high})
    return rows


def _row(name: str, price: float, runs: Sequence[Measured]) -> dict[str, Any]:
    """What a policy reaches at a price: as measured, and where it lies in the figure."""
    row = {"price": price, **summarised(name, _kind(name), runs, _METRICS)}
    for column, values in (
        ("passed", [run["damage"] / price for run in runs]),
        ("served", [run["qoe"] - run["false_alarms"] for run in runs]),
    ):
        low, high = interval(np.array(values))
        row |= {column: float(np.mean(values)), f"{column}_low": low, f"{column}_high": high}
    return row


def _kind(name: str) -> str:
    return {AGENT: "agent", "bound": "bound"}.get(name, "policy")


def _bounding(
    runs: Mapping[tuple[str, float], Sequence[Measured]], bounds: Mapping[float, Measured]
) -> list[dict[str, Any]]:
    """The line above which no policy lies, at every price: ``y = worth + price x``."""
    found = []
    for price, bound in bounds.items():
        (aware,) = runs[_AGAINST, price]
        worth = bound["return"] / requests(aware)
        low, high = interval(worth)
        row = {"price": price, "worth": float(worth.mean()), "worth_low": low, "worth_high": high}
        found.append(row)
    return found


def _points(results: ResultStore, episodes: int) -> list[dict[str, Any]]:
    """Every operating point for all chains, at the preset's prices."""
    scenario: Any = resolve(SCENARIO)
    price = scenario.attacks.price
    return [
        _row(it.name, price, [results.measured(SCENARIO, policy, episodes=episodes)])
        for it in scenario.points
        for policy in [f"fixed:point={it.name}"]
    ]


def _findings(differences: Sequence[Mapping[str, Any]], episodes: int) -> list[Finding]:
    found = []
    for row in differences:
        if row["name"] not in (AGENT, "by_slice", "always off"):
            continue
        low, high = row["less_low"], row["less_high"]
        verdict = "a tie" if low <= 0 <= high else ("better" if low > 0 else "worse")
        found.append(
            Finding(
                f"{row['name']}: return a request less load_aware's, damage at {row['price']:g}"
                f" times its price, {episodes} episodes",
                f"{row['less']:+.3f} [{low:+.3f}, {high:+.3f}]: {verdict}",
            )
        )
    return found
