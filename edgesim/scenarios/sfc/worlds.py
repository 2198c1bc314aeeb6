"""Random worlds of service chains: other networks, instances and loads than a scenario's own."""

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.scenarios.sfc.schema import SFCScenario, SliceNetwork

__all__ = ["draw"]

FloatArray = npt.NDArray[np.float64]

_SPARSE = 40  # nodes: of fewer, the rule of a Waxman network leaves hardly more than a tree
_MOST_HOSTS = 30


def draw(rng: np.random.Generator, scenario: SFCScenario) -> dict[str, Any]:
    """Keys that make a random world of a scenario; all ranges [chosen] about those of the presets.

    Over a network: a Gabriel or (of 40 nodes or more) a Waxman network of 14 to 100 nodes, with as
    many nodes an area as ``network.topology`` states; 3 to 8 instances of each VNF, which together
    process what the scenario's do, on 8 to 30 hosts; slices' shares in proportion to the scenario's
    times 1/2 to 2; and a load of 0.6 to 1.4 times the scenario's, as what chains would hold on
    average over what the instances process.

    Of stage links: 3 to 7 groups of 3 to 8 instances, with links drawn from the scenario's ranges.
    These are scaled so that a whole chain has about the same delay, and all links of a stage
    together the same bandwidth. Chains stay 0.6 to 1.4 times as long as the scenario's.

    Raises:
        InputError: the scenario replays a trace, which other worlds cannot.
    """
    if scenario.trace is not None:
        raise InputError("trace", scenario.trace, "must be null: random worlds draw their requests")
    world_seed = int(rng.integers(2**31))
    load = float(rng.uniform(0.6, 1.4))
    if scenario.network is None:
        keys = _stage_links(rng, scenario, load)
    else:
        keys = _network(rng, scenario.network, load)
    return {"world_seed": world_seed, **keys}


def _network(rng: np.random.Generator, network: SliceNetwork, load: float) -> dict[str, Any]:
    nodes = int(rng.integers(14, 101))
    source = str(rng.choice(("gabriel", "waxman") if nodes >= _SPARSE else ("gabriel",)))
    drawn = network.topology
    per_type = int(rng.integers(3, 9))
    together_bps = network.instances.capacity_bps * network.instances.usual
    # Each request of a slice asks for so many bits over its life, on average.
    bits = np.array([part.holding_s * part.mean_bandwidth_bps for part in network.slices])
    old = np.array([part.share for part in network.slices])
    shares = _shares(rng, old)
    rate_hz = network.arrival_rate_hz * load * float((old @ bits) / (shares @ bits))
    slices = [
        {**asdict(part), "share": share}
        for part, share in zip(network.slices, shares.tolist(), strict=True)
    ]
    return {
        "network.topology.source": source,
        "network.topology.nodes": nodes,
        "network.topology.side_km": round(drawn.side_km * (nodes / drawn.nodes) ** 0.5, 1),
        "network.instances.per_type": per_type,
        "network.instances.placement": None,
        "network.instances.hosts": int(rng.integers(8, min(nodes, _MOST_HOSTS) + 1)),
        "network.instances.capacity_bps": float(f"{together_bps / per_type:.4g}"),
        "network.slices": slices,
        "network.arrival_rate_hz": float(f"{rate_hz:.4g}"),
    }


def _shares(rng: np.random.Generator, old: FloatArray) -> FloatArray:
    """Shares that sum to 1, in proportion to the old ones times 1/2 to 2."""
    weights = old * np.exp2(rng.uniform(-1, 1, len(old)))
    shares: FloatArray = weights / weights.sum()
    return shares


def _stage_links(rng: np.random.Generator, scenario: SFCScenario, load: float) -> dict[str, Any]:
    assert scenario.groups is not None and scenario.instances is not None
    assert scenario.bandwidth_range is not None and scenario.delay_range_ms is not None
    assert scenario.release_probability is not None and scenario.request_bandwidth is not None
    groups, instances = int(rng.integers(3, 8)), int(rng.integers(3, 9))
    # No link becomes too narrow for a request that the scenario's hold.
    narrowest = min(1.0, scenario.request_bandwidth[1] / scenario.bandwidth_range[0])
    wider = max((scenario.instances / instances) ** 2, narrowest)
    slower = (scenario.groups - 1) / (groups - 1)
    return {
        "groups": groups,
        "instances": instances,
        "bandwidth": None,
        "delay_ms": None,
        # Whole numbers, as links are: a range between two of them would hold none.
        "bandwidth_range": [float(max(round(end * wider), 1)) for end in scenario.bandwidth_range],
        "delay_range_ms": [float(round(end * slower)) for end in scenario.delay_range_ms],
        "release_probability": min(float(f"{scenario.release_probability / load:.4g}"), 1.0),
    }
