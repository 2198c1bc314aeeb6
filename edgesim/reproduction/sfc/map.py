"""The network of the slices by mean load of its links and hosts, under two policies."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore, identity
from edgesim.reproduction.sfc.twins import episodes_of
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["AGENT", "POLICY", "TRAININGS", "loads_of", "tables"]

POLICY = "greedy"
AGENT = Training("sfc", "least_squares")
TRAININGS = (AGENT,)

Loads = dict[str, list[dict[str, Any]]]


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``nodes.csv`` and ``links.csv``: a row a policy and node, a policy and cable.

    One held-out episode, the first. The agent is that of the first training seed.
    """
    loads = {POLICY: _measured(results, POLICY)}
    loads[AGENT.agent] = _measured(results, str(results.folders(AGENT)[0]))
    for table in ("nodes", "links"):
        rows = [{"policy": name, **row} for name, told in loads.items() for row in told[table]]
        write_table(folder, table, rows)
    return [_finding(name, told) for name, told in loads.items()]


def loads_of(twin: SFCWorkload) -> Loads:
    """Mean loads of an episode that is over and recorded.

    Returns:
        ``nodes``: name, place, whether it hosts instances, and the mean share of their capacity
        that chains held; ``links``: the nodes at a cable's ends and the mean load of its fuller
        direction, background traffic included, and what of it chains held.
    """
    fabric: Any = twin.fabric
    world, links, now = fabric.world, fabric.links, twin.clock.now
    wiring, placement = world.wiring, world.placement
    held = _held(twin, len(placement.node))
    capacity = np.maximum(placement.capacity_bps, 1.0)
    on_node: list[list[int]] = [[] for _ in range(wiring.nodes)]
    for instance, at in enumerate(placement.node):
        if placement.vnf[instance] >= 0:
            on_node[at].append(instance)
    nodes = [
        {
            "node": number,
            "name": wiring.graph.nodes[number]["name"],
            "x": wiring.graph.nodes[number]["x"],
            "y": wiring.graph.nodes[number]["y"],
            "positions": wiring.graph.graph.get("positions", "km"),
            "instances": len(own),
            "load": float((held[own] / capacity[own]).mean()) if own else None,
        }
        for number, own in enumerate(on_node)
    ]
    carried = [
        8 * links.counters(link).sent_bytes / now / wiring.capacity_bps[link]
        for link in range(len(wiring.ends))
    ]
    cables = [
        {"source": one, "target": other, "load": max(carried[2 * edge : 2 * edge + 2])}
        for edge, (one, other) in enumerate(wiring.edges)
    ]
    return {"nodes": nodes, "links": cables}


def _held(twin: SFCWorkload, instances: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Mean bandwidth (bit/s) that chains held of each instance, shape (instances,)."""
    assert twin.log is not None
    area = np.zeros(instances)
    bandwidth: dict[int, float] = {}
    chosen: dict[int, list[int]] = {}
    since_s: dict[int, float] = {}
    for time_s, event, request, place, value in twin.log.rows:
        if event == "arrive":
            bandwidth[request], chosen[request] = value, []
        elif event == "choose":
            chosen[request].append(place)
        elif event == "accept":
            since_s[request] = time_s
        elif event in ("release", "drop"):
            area[chosen[request]] += bandwidth[request] * (time_s - since_s.pop(request))
    for request, begun_s in since_s.items():
        area[chosen[request]] += bandwidth[request] * (twin.clock.now - begun_s)
    return area / twin.clock.now


def _measured(results: ResultStore, policy: str) -> Loads:
    scenario = resolve("sfc")
    key = {"scenario": asdict(scenario), "policy": identity(policy), "seed": results.seed}

    def make() -> Loads:
        (twin,) = episodes_of(scenario, policy, 1, results.seed)
        return loads_of(twin)

    found: Loads = results.kept(f"sfc: loads under {policy}", key, make)
    return found


def _finding(name: str, told: Loads) -> Finding:
    links = np.array([row["load"] for row in told["links"]])
    hosts = np.array([row["load"] for row in told["nodes"] if row["load"] is not None])
    return Finding(
        f"{name}: mean load of a cable's fuller direction, of a host's instances",
        f"links {links.mean():.1%} (fullest {links.max():.1%}), "
        f"hosts {hosts.mean():.1%} (fullest {hosts.max():.1%})",
    )
