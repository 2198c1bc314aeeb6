"""How long scale-in and link events take to be handled, as round trips grow."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.reproduction.training import trials

__all__ = ["STRETCH", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

STRETCH = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Lengths of all links over those of the German backbone."""

_PUBLISHED_MS = 20.0
_KINDS = ("leave", "crash", "disconnect", "connect")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``events.csv``: a row a length of the links and kind of event."""
    seeds = 2 * results.budget.fewer(10)
    rows: list[dict[str, Any]] = []
    for stretch in STRETCH:
        keys = {"backbone.propagation_ms_per_km": 0.005 * stretch}
        key = {"what": "wan events", "keys": keys, "seeds": seeds}

        def make(keys: dict[str, Any] = keys) -> list[Any]:
            first = 1000 * results.seed
            return [trials.events(16, first + seed, keys) for seed in range(seeds)]

        told = results.kept(f"wan_training: events, links {stretch:g} times as long", key, make)
        for kind in _KINDS:
            times = np.array([1000 * s for one in told for event, s, _ in one if event == kind])
            trips = np.array([1000 * trip for one in told for *_, trip in one[:1]])
            low, high = interval(times)
            rows.append(
                {
                    "stretch": stretch,
                    "event": kind,
                    "events": len(times),
                    "longest_trip_ms": float(trips.mean()),
                    "handled_ms": float(times.mean()),
                    "handled_ms_low": low,
                    "handled_ms_high": high,
                    "within_20_ms": float((times <= _PUBLISHED_MS).mean()),
                }
            )
    write_table(folder, "events", rows)
    return [_finding(rows, kind) for kind in _KINDS]


def _finding(rows: list[dict[str, Any]], kind: str) -> Finding:
    own = [row for row in rows if row["event"] == kind]
    below = [row["longest_trip_ms"] for row in own if row["within_20_ms"] >= 0.95]
    told = f"95 % within 20 ms up to longest round trips of {max(below):.1f} ms" if below else ""
    first = next(row for row in own if row["stretch"] == 1.0)
    return Finding(
        f"{kind}: handled in, ms (links of the German backbone)",
        f"{first['handled_ms']:.1f}; {told or 'not within 20 ms even on the shortest'}",
        "20",
        "arXiv 2505.12815v2, abstract (v1: 1 ms)",
        None,
        "a round trip of those concerned; of a crash, after it is found out",
    )
