"""Random worlds of virtual networks: other maps, sizes and loads than a scenario's own.

Here and not beside the scenarios' schema, because the load is by what the links of a map hold, and
the twin alone makes the map.
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from edgesim.scenarios import resolve
from edgesim.scenarios.vne.schema import VirtualNetworks, VNEScenario
from edgesim.twin.vne.world import VNEWorld

__all__ = ["MAPS", "draw"]

MAPS = (
    "topozoo/BtNorthAmerica",
    "topozoo/Cernet",
    "topozoo/Chinanet",
    "topozoo/Dfn",
    "topozoo/Geant2012",
    "topozoo/Integra",
    "topozoo/Janetbackbone",
    "topozoo/SwitchL3",
    "topozoo/Uninett2010",
    "topozoo/Xspedius",
)
"""Maps of 27 to 74 nodes that have 2.6 to 4.3 links a node [chosen]."""

_JOINED = 0.2
"""Share of the pairs of nodes that a Waxman map with alpha 0.2 joins, over its beta: that of
``vne_wx100``, 500 of 4950 with beta 0.5."""


def draw(rng: np.random.Generator, scenario: VNEScenario) -> dict[str, Any]:
    """Keys that make a random world of a scenario; all ranges [chosen] about those of the presets.

    A map of one of three kinds: Waxman or Gabriel, of 20 to 120 nodes on the scenario's square, or
    one of :data:`MAPS`, where latency has no bound. A Waxman map's beta gives a node about 4 to 10
    links on average, or as many as beta = 1 gives. VNs have from 2 to between 4 and 12 nodes. They
    arrive so that what their links ask for, over the bandwidth of all links of the map, is about
    0.6 to 1.4 times what it is in the scenario.
    """
    kinds = ("waxman", "gabriel", "topozoo")
    kind = str(rng.choice(kinds if scenario.virtual.max_latency_ms is None else kinds[:2]))
    keys: dict[str, Any] = {"world_seed": int(rng.integers(2**31))}
    nodes = int(rng.integers(20, 121))
    degree = float(rng.uniform(4, 10))
    name = str(rng.choice(MAPS))
    keys["physical.topology.source"] = name if kind == "topozoo" else kind
    if kind != "topozoo":
        keys["physical.topology.nodes"] = nodes
    if kind == "waxman":
        keys["physical.waxman_beta"] = min(1.0, round(degree / (_JOINED * (nodes - 1)), 3))
    keys["virtual.nodes"] = [2, int(rng.integers(4, 13))]
    load = float(rng.uniform(0.6, 1.4))
    drawn = resolve(asdict(scenario), keys)
    rate_hz = scenario.virtual.arrival_rate_hz * load * _of_a_rate(scenario) / _of_a_rate(drawn)
    keys["virtual.arrival_rate_hz"] = float(f"{rate_hz:.4g}")
    return keys


def _of_a_rate(scenario: VNEScenario) -> float:
    """The load of a link, were one VN to arrive a second: links asked for over links there are.

    Both hold what the scenario says, so that the bandwidth of one is left out.
    """
    return _links(scenario.virtual) / VNEWorld(scenario).map.number_of_edges()


def _links(virtual: VirtualNetworks) -> float:
    """Links of a VN on average: of all pairs the share that is joined, and at least a tree."""
    low, high = virtual.nodes
    sizes = np.arange(low, high + 1)
    joined = virtual.link_probability * sizes * (sizes - 1) / 2
    return max(float(np.maximum(joined, sizes - 1).mean()), 1.0)
