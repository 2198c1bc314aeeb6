"""How far the published scheduler ends from the optimum, on random clusters.

Twice: by the objective that it states, against its exact optimum, and by the simulation of the
ring, against a search on it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.scenarios.ring.worlds import random_cluster
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.cycle import cycle_devices, cycle_plan
from edgesim.twin.ring.planning.halda import halda
from edgesim.twin.ring.planning.optimum import optimum
from edgesim.twin.ring.planning.search import search, with_gpus_full

__all__ = ["CLUSTERS", "TRAININGS", "row", "tables"]

TRAININGS: tuple[Training, ...] = ()

CLUSTERS = 60
PLANNERS = ("code", "paper", "optimum", "cycle")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``optimality.csv``: a row for each cluster."""
    found = [row(seed) for seed in range(CLUSTERS)]
    write_table(folder, "optimality", found)
    return _findings(found)


def row(seed: int) -> dict[str, Any]:
    """One cluster: stated and simulated times of each planner over the best there is.

    inf: the planner found no plan.
    """
    model, cluster = random_cluster(seed)
    best = optimum(model, cluster.devices)
    assert best is not None  # every cluster drawn has a disk that can be read
    code, paper = (
        halda(model, cluster.devices, start="code"),
        halda(model, cluster.devices, start="paper"),
    )
    terms, kappa_s = cycle_devices(model, cluster.devices, cluster.link_bps)
    cycle = cycle_plan(terms, model.layers, kappa_s)
    plans: dict[str, RingPlan | None] = {
        "code": code.plan,
        "paper": paper.plan,
        "optimum": best.plan,
        "cycle": None,
    }
    if cycle is not None:
        windows, rounds = cycle.plan.windows, cycle.plan.rounds
        plans["cycle"] = with_gpus_full(model, cluster.devices, windows, rounds)
    found = search(model, cluster, starts=[plan for plan in plans.values() if plan is not None])
    simulated = {
        name: np.inf if plan is None else decode(model, cluster, plan).token_s
        for name, plan in plans.items()
    }
    least = min(found.token_s, *simulated.values())
    return {
        "seed": seed,
        "model": model.name,
        "devices": len(cluster.devices),
        "optimum_s": best.token_s,
        "stated_code": code.token_s / best.token_s,
        "stated_paper": paper.token_s / best.token_s,
        "simulated_s": least,
        "rounds": found.plan.rounds,
        **{f"simulated_{name}": simulated[name] / least for name in PLANNERS},
    }


def _findings(found: Sequence[dict[str, Any]]) -> list[Finding]:
    findings = []
    for start in ("code", "paper"):
        gaps = np.array([it[f"stated_{start}"] for it in found])
        worst = gaps[np.isfinite(gaps)].max()
        findings.append(
            Finding(
                f"Halda from its {start}'s beginning, of {len(found)} clusters, by its objective",
                f"optimal on {(gaps < 1 + 1e-6).sum()}, more than 5 % off on"
                f" {(gaps > 1.05).sum()}, without a plan on {np.isinf(gaps).sum()};"
                f" worst {worst:.1f} times",
            )
        )
    for name in PLANNERS:
        ratios = np.array([it[f"simulated_{name}"] for it in found])
        low, middle, high = np.quantile(ratios[np.isfinite(ratios)], [0.25, 0.5, 0.75])
        findings.append(
            Finding(
                f"{name}: times the best token in the simulation of the ring",
                f"median {middle:.2f} (quartiles {low:.2f}, {high:.2f})",
            )
        )
    more = sum(it["rounds"] > 1 for it in found)
    findings.append(
        Finding("clusters whose best plan has more than one round", f"{more} of {len(found)}")
    )
    return findings
