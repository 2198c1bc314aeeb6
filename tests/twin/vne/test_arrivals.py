"""The stream of virtual networks follows its laws."""

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios import resolve
from edgesim.twin.core.streams import Streams
from edgesim.twin.vne.arrivals import Arrivals

COUNT = 4000


def arrivals(name: str = "vne_wx100", seed: int = 0, **keys: object) -> Arrivals:
    scenario = resolve(
        name, {"virtual.count": COUNT, **{f"virtual.{k}": v for k, v in keys.items()}}
    )
    return Arrivals(scenario.virtual, Streams(np.random.SeedSequence(seed)))


def test_quantities_have_the_laws_of_the_benchmark() -> None:
    every = list(arrivals())
    assert [each.number for each in every] == list(range(COUNT))
    gaps = np.diff([0.0, *(each.arrival_s for each in every)])
    assert np.array_equal(gaps, gaps.round())
    # A Poisson number has its mean as its variance; four standard errors each.
    mean = 1 / 0.14
    assert gaps.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / COUNT))
    assert gaps.var() == pytest.approx(mean, abs=4 * mean * np.sqrt(2 / COUNT) + 0.1)
    lives = np.array([each.lifetime_s for each in every])
    assert lives.mean() == pytest.approx(500, abs=4 * 500 / np.sqrt(COUNT))
    assert lives.std() == pytest.approx(500, rel=0.1)
    sizes = np.array([each.nodes for each in every])
    assert set(sizes.tolist()) == set(range(2, 11))
    assert sizes.mean() == pytest.approx(6, abs=4 * 2.6 / np.sqrt(COUNT))
    cpu = np.concatenate([each.cpu for each in every])
    asked = np.array([link.bandwidth_bps for each in every for link in each.links]) / 1e6
    assert set(cpu.tolist()) == set(range(21)) and set(asked.tolist()) == set(range(51))
    assert cpu.mean() == pytest.approx(10, abs=0.2) and asked.mean() == pytest.approx(25, abs=0.5)
    assert all(link.max_latency_s == np.inf for each in every for link in each.links)


def test_every_virtual_network_is_connected_and_half_of_the_pairs_are_joined() -> None:
    links = pairs = 0
    for each in arrivals():
        graph = nx.Graph([(link.one, link.other) for link in each.links])
        assert sorted(graph) == list(range(each.nodes)) and nx.is_connected(graph)
        assert all(link.one < link.other for link in each.links)
        if each.nodes == 10:  # hardly ever drawn again: 10 of 1000 leave a node alone
            links, pairs = links + len(each.links), pairs + 45
    assert links / pairs == pytest.approx(0.5, abs=0.02)


def test_times_may_be_those_of_a_poisson_process() -> None:
    gaps = np.diff([each.arrival_s for each in arrivals(intervals="exponential")])
    assert gaps.std() == pytest.approx(1 / 0.14, rel=0.1)


def test_bounds_on_latency_are_drawn_beside_all_else() -> None:
    bounded, free = list(arrivals("vne_latency")), list(arrivals("vne_wx100"))
    bounds = np.array([link.max_latency_s for each in bounded for link in each.links])
    assert bounds.min() >= 0.05 and bounds.max() <= 0.1
    assert bounds.mean() == pytest.approx(0.075, abs=0.001)
    for one, other in zip(bounded, free, strict=True):
        assert (one.cpu, one.lifetime_s) == (other.cpu, other.lifetime_s)
        assert [link[:3] for link in one.links] == [link[:3] for link in other.links]
