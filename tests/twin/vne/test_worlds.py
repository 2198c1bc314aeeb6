"""Random worlds of virtual networks: valid, within their ranges, and as loaded as they say."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios import resolve
from edgesim.scenarios.vne.schema import VNEScenario
from edgesim.scenarios.worlds import random_worlds
from edgesim.twin.vne.world import VNEWorld
from edgesim.twin.vne.worlds import MAPS, draw


def world(scenario: VNEScenario, seed: int) -> VNEScenario:
    made = resolve(asdict(scenario), draw(np.random.default_rng(seed), scenario))
    assert isinstance(made, VNEScenario)
    return made


@given(st.sampled_from(("vne_wx100", "vne_brain", "vne_latency")), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_worlds_are_valid_and_in_their_ranges(name: str, seed: int) -> None:
    made = world(resolve(name), seed)
    source = made.physical.topology.source
    drawn = ("waxman", "gabriel")
    assert source in (drawn if name == "vne_latency" else (*drawn, *MAPS))
    if source in drawn:
        assert 20 <= made.physical.topology.nodes <= 120
    assert made.virtual.nodes[0] == 2 and 4 <= made.virtual.nodes[1] <= 12


def test_maps_are_connected_and_hold_the_largest_vn() -> None:
    degrees = {}
    for name in MAPS:
        made = VNEWorld(resolve("vne_geant", {"physical.topology.source": name}))
        assert 27 <= made.nodes <= 74
        degrees[name] = 2 * made.map.number_of_edges() / made.nodes
    assert min(degrees.values()) > 2.6 and max(degrees.values()) < 4.3


def test_a_waxman_map_has_four_to_ten_links_a_node() -> None:
    """About: beta is at most 1, and the share of pairs that are joined is that of one map."""
    degrees = []
    for seed in range(40):
        made = world(resolve("vne_wx100"), seed)
        if made.physical.topology.source == "waxman":
            network = VNEWorld(made)
            degrees.append(2 * network.map.number_of_edges() / network.nodes)
    assert len(degrees) > 8
    assert min(degrees) > 2.5 and max(degrees) < 13
    assert np.mean(degrees) == pytest.approx(7, abs=1.5)


def test_the_load_of_a_link_by_hand() -> None:
    """VNs whose nodes are joined at even odds have half of their pairs as links, or a tree's.

    Of 2, 3, 4, 5 and 6 nodes that is 1, 2, 3, 5 and 7.5: of 2 to 4 nodes 2 on average, of 2 to 5
    2.75, of 2 to 6 3.7. GEANT has 58 links.
    """
    own = resolve("vne_geant", {"virtual.nodes": [2, 4], "virtual.arrival_rate_hz": 0.058})
    links = {4: 2.0, 5: 2.75, 6: 3.7}
    found = set()
    for seed in range(40):
        made = world(own, seed)
        most = made.virtual.nodes[1]
        if most in links:
            rate_hz, edges = made.virtual.arrival_rate_hz, VNEWorld(made).map.number_of_edges()
            assert 0.599 < (rate_hz * links[most] / edges) / (0.058 * 2.0 / 58) < 1.401
            found.add(most)
    assert found == set(links)


def test_worlds_follow_from_their_seeds() -> None:
    scenario = resolve("vne_wx100")
    worlds = random_worlds(scenario, [1, 2])
    assert worlds == random_worlds(scenario, [1, 2])
    assert worlds[0] != worlds[1]
