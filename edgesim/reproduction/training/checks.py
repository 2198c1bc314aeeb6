"""Real checks of elastic training: noise scales of small models, and gloo's all-reduce."""

import argparse
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.links import Links
from edgesim.services import allreduce, gradients
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.network import Network, NetworkWorld
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.training.wan.ring import Hops, layers

__all__ = ["NEAR", "RATES_MBPS", "TRAININGS", "tables", "twin_reduce_s"]

TRAININGS: tuple[Training, ...] = ()

NEAR = 0.15
"""What is asked of both checks."""

RATES_MBPS = (
    (80.0, 80.0),
    (120.0, 40.0, 90.0),
    (60.0, 60.0, 60.0, 60.0),
    (100.0, 50.0, 80.0, 60.0),
)
_SIZE_BYTES = 4_000_000
_STEPS = (0, 100, 400)  # of training before the noise scale is measured


def twin_reduce_s(rates_mbps: Any, size_bytes: float) -> float:
    """The ring all-reduce of the twin between nodes at a hub, each with a rate out, s."""
    count = len(rates_mbps)
    star: nx.Graph[int] = nx.Graph()
    star.add_nodes_from(range(count + 1))
    for node, rate in enumerate(rates_mbps):
        star.add_edge(node, count, length_km=0.0, capacity_bps=rate * 1e6, capacity_back_bps=1e12)
    clock, quiet = Clock(), Links(background_share=[0.0, 0.0])
    world = NetworkWorld(Wiring(star, quiet), quiet, Failures())
    network = Network(clock, world, Streams(np.random.SeedSequence(0)))
    number = world.wiring.number
    hops: Hops = [(number[n, count], number[count, (n + 1) % count]) for n in range(count)]
    ends: list[float] = []
    share = 2 * (count - 1) / count * size_bytes
    for layer in layers(hops):
        network.sharing.along(share, layer, lambda _: ends.append(clock.now))
    clock.run()
    return max(ends)


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``checks.csv``: a row a check, measured, predicted and their ratio."""
    rows = [*_noise(results), *_reduce(results)]
    write_table(folder, "checks", rows)
    found = []
    for check in dict.fromkeys(row["check"] for row in rows):
        own = [row for row in rows if row["check"] == check]
        off = max(abs(row["ratio"] - 1.0) for row in own)
        told = ", ".join(f"{row['case']} {row['ratio']:.3f}" for row in own)
        found.append(Finding(f"{check}: ratio", told, "within 15 %", "", off <= NEAR))
    if not allreduce.available():
        found.append(Finding("all-reduce by gloo", "not measured: no namespaces here"))
    return found


def _noise(results: ResultStore) -> list[dict[str, Any]]:
    steps = 300 if results.budget.steps >= 1 else 150

    def make() -> list[dict[str, Any]]:
        text = Path(argparse.__file__).read_text(encoding="utf-8")  # words that everybody has
        tasks = {"digits": gradients.digits(), "characters": gradients.characters(text)}
        rows = []
        for name, task in tasks.items():
            done = 0
            for at in _STEPS:
                gradients.trained(task, at - done, seed=at)
                done = at
                exact = gradients.exact(task).samples
                found, singly = gradients.estimated(task, 8, 128, steps, seed=at)
                ratios = singly()
                rows.append(
                    {
                        "check": f"noise scale of {name}",
                        "case": f"step {at}",
                        "measured": found.samples,
                        "predicted": exact,
                        "ratio": found.samples / exact,
                        "single_steps": float(np.median(np.abs(ratios / exact - 1.0))),
                    }
                )
        return rows

    key = {"steps": steps}
    told: list[dict[str, Any]] = results.kept("noise scales of small models", key, make)
    return told


def _reduce(results: ResultStore) -> list[dict[str, Any]]:
    if not allreduce.available():
        return []
    rows = []
    for rates in RATES_MBPS:

        def make(rates: tuple[float, ...] = rates) -> list[float]:
            return allreduce.measure_s(rates, _SIZE_BYTES, 3)

        took = float(np.median(results.kept(f"all-reduce, {rates} Mbit/s", {"rates": rates}, make)))
        predicted = twin_reduce_s(rates, _SIZE_BYTES)
        rows.append(
            {
                "check": "all-reduce by gloo",
                "case": "/".join(f"{rate:g}" for rate in rates),
                "measured": took,
                "predicted": predicted,
                "ratio": took / predicted,
            }
        )
    return rows
