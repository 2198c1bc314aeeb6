"""What a scenario of virtual networks does not accept, by key."""

from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve

BAD: list[tuple[str, Any]] = [
    ("world_seed", -1),
    ("routing", "longest"),
    ("paths", 0),
    ("physical.topology.nodes", 1),
    ("physical.waxman_alpha", 0),
    ("physical.waxman_beta", 1.1),
    ("physical.cpu", [-1, 5]),
    ("physical.cpu", [9, 5]),
    ("physical.bandwidth_mbps", [0, 5]),
    ("physical.propagation_ms_per_km", -0.1),
    ("physical.drawn", "never"),
    ("virtual.count", 0),
    ("virtual.arrival_rate_hz", 0),
    ("virtual.intervals", "uniform"),
    ("virtual.lifetime_s", float("nan")),
    ("virtual.nodes", [0, 5]),
    ("virtual.nodes", [2, 1001]),
    ("virtual.link_probability", 0.0),
    ("virtual.link_probability", 1.5),
    ("virtual.cpu", [-1, 5]),
    ("virtual.bandwidth_mbps", [5]),
    ("virtual.max_latency_ms", [5, 1]),
]


@pytest.mark.parametrize(("key", "value"), BAD, ids=str)
def test_values_out_of_range_are_refused_by_key(key: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        resolve("vne_wx100", {key: value})
    message = str(caught.value)
    assert key in message
    assert "\n" not in message


def test_the_maps_are_those_of_the_benchmark() -> None:
    """WX100 has 100 nodes and 500 links, BRAIN 161 and 166.

    GEANT has 40 and 61 in the Topology Zoo, and 37 and 58 in topohub, which leaves three nodes
    without a position out.
    """
    from edgesim.twin.vne.world import VNEWorld

    sizes = {}
    for name in ("vne_wx100", "vne_geant", "vne_brain", "vne_latency"):
        world = VNEWorld(resolve(name))
        sizes[name] = (world.nodes, world.map.number_of_edges())
    assert sizes == {
        "vne_wx100": (100, 500),
        "vne_geant": (37, 58),
        "vne_brain": (161, 166),
        "vne_latency": (100, 500),
    }
