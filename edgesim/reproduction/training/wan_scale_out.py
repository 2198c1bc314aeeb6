"""Scale-out delay of one institution: the greedy beside the mechanisms of others."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.reproduction.training import trials

__all__ = ["NODES", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()
NODES = (4, 8, 16, 32, 64)


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``scale_out.csv``: a row a map, size and mechanism, with the ratio to the greedy."""
    seeds = results.budget.fewer(40)
    rows: list[dict[str, Any]] = []
    for name, keys in trials.MAPS.items():
        for nodes in NODES:
            delays = _delays(results, name, nodes, keys, seeds)
            own = delays["greedy"]
            for mechanism, values in delays.items():
                ratio = values / own
                low, high = interval(values)
                ratio_low, ratio_high = interval(ratio)
                rows.append(
                    {
                        "map": name,
                        "nodes": nodes,
                        "mechanism": mechanism,
                        "seeds": seeds,
                        "delay_s": float(values.mean()),
                        "delay_s_low": low,
                        "delay_s_high": high,
                        "ratio": float(ratio.mean()),
                        "ratio_low": ratio_low,
                        "ratio_high": ratio_high,
                    }
                )
    write_table(folder, "scale_out", rows)
    return [_finding(rows, mechanism) for mechanism in trials.MECHANISMS if mechanism != "greedy"]


def _delays(
    results: ResultStore, name: str, nodes: int, keys: dict[str, Any], seeds: int
) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    key = {"what": "wan scale-out", "nodes": nodes, "keys": keys, "seeds": seeds}

    def make() -> dict[str, list[float]]:
        first = 1000 * results.seed
        return {
            mechanism: [trials.join(nodes, first + seed, mechanism, keys) for seed in range(seeds)]
            for mechanism in trials.MECHANISMS
        }

    told = results.kept(f"wan_training: scale-out on {name}, {nodes} nodes", key, make)
    return {mechanism: np.array(values) for mechanism, values in told.items()}


def _finding(rows: list[dict[str, Any]], mechanism: str) -> Finding:
    own = [row for row in rows if row["mechanism"] == mechanism]
    clear = sum(row["ratio_low"] > 1.0 for row in own)
    least, most = min(own, key=_ratio), max(own, key=_ratio)
    return Finding(
        f"scale-out delay of {mechanism} over the greedy's",
        f"{least['ratio']:.2f} to {most['ratio']:.2f}; above 1 beyond the interval in"
        f" {clear} of {len(own)} cells",
        "the greedy is below every baseline",
        "arXiv 2505.12815, abstract: order alone",
        clear == len(own) if mechanism != "shared" else None,
        "shared is ours" if mechanism == "shared" else "",
    )


def _ratio(row: dict[str, Any]) -> float:
    return float(row["ratio"])
