"""A crash and its recovery: what its provider and the others hold meanwhile."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.errors import InputError
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.twin.aigc.world import AIGCWorld

__all__ = ["TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()
POLICY = "random"

_AROUND_S = 25.0  # before the crash, and after the restart

Row = tuple[float, str, int, int, float]


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``held.csv`` and ``events.csv`` around the first crash with a restart.

    In the first held-out episode under random choices. A row of the first table is a moment: steps
    that run at the provider that crashes, at all others, and what each can hold; of the second an
    event at that provider: crash, lose, refuse, restart.
    """
    scenario = resolve("aigc")
    log: list[Row] = [
        (time_s, event, task, provider, value)
        for time_s, event, task, provider, value in results.kept(
            f"events of aigc: {POLICY}",
            {"scenario": asdict(scenario), "seed": results.seed},
            lambda: _log(results),
        )
    ]
    crash_s, number, restart_s = _first_crash(log)
    begin_s, end_s = max(0.0, crash_s - _AROUND_S), restart_s + _AROUND_S
    within = [row[0] for row in log if begin_s < row[0] < end_s]
    times_s = np.unique([begin_s, *within, end_s])
    held = _held(log, times_s, scenario.provider_count)
    capacity = AIGCWorld(scenario).capacity
    write_table(
        folder,
        "held",
        [
            {
                "time_s": float(time_s),
                "crashed": float(held[number, k]),
                "others": float(held[:, k].sum() - held[number, k]),
                "capacity": float(capacity[number]),
                "others_capacity": float(capacity.sum() - capacity[number]),
            }
            for k, time_s in enumerate(times_s)
        ],
    )
    events = [
        {"time_s": time_s, "event": event, "task": task, "provider": provider, "value": value}
        for time_s, event, task, provider, value in log
        if provider == number
        and times_s[0] <= time_s <= times_s[-1]
        and event in ("crash", "lose", "refuse", "restart")
    ]
    write_table(folder, "events", events)
    lost = sum(row[1] == "lose" and row[0] == crash_s and row[3] == number for row in log)
    refused = sum(
        row[1] == "refuse" and row[3] == number and crash_s <= row[0] <= restart_s for row in log
    )
    return [
        Finding(
            f"crash of provider {number} after {crash_s:.1f} s",
            f"running tasks lost: {lost}; refused until its restart {restart_s - crash_s:.0f} s"
            f" later: {refused}",
        )
    ]


def _log(results: ResultStore) -> list[Row]:
    scenario = resolve("aigc")
    seeds = held_out_seeds(results.seed, 1)
    build = find_policy(scenario, POLICY)
    played = rollout(scenario, build, seeds, policy_seed=results.seed, record=True)
    rows: list[Row] = played.logs[0].rows
    kept = ("choose", "start", "run over", "lose", "crash", "refuse", "restart")
    return [row for row in rows if row[1] in kept]


def _first_crash(log: list[Row]) -> tuple[float, int, float]:
    """Time of the first crash that took running tasks and was mended, provider, time of restart."""
    for time_s, event, _, provider, lost in log:
        if event == "crash" and lost:
            for later_s, what, _, where, _ in log:
                if what == "restart" and where == provider and later_s > time_s:
                    return time_s, provider, later_s
    raise InputError("episode", POLICY, "has no crash with a restart: take another seed")


def _held(log: list[Row], times_s: Any, providers: int) -> Any:
    """Steps that run at each provider, shape (providers, times)."""
    held = np.zeros((providers, len(times_s)))
    asked: dict[int, float] = {}
    running: dict[int, float] = {}
    for time_s, event, task, provider, value in log:
        change = 0.0
        if event == "choose":
            asked[task] = value
        elif event == "start":
            change = running[task] = asked[task]
        elif event in ("run over", "lose"):
            change = -running.pop(task)
        if change:
            held[provider, np.searchsorted(times_s, time_s) :] += change
    return held
