"""Schema of a scenario of virtual network embedding: the physical network, and who asks for what.

A preset (one YAML file beside this one) fills these dataclasses. The settings of the presets are
those of the virne benchmark (arXiv 2507.19234), which gives bandwidth no unit; here it is Mbit/s.
"""

from dataclasses import dataclass
from typing import Any

from edgesim.errors import InputError
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import at_least, between, integer_from, interval, one_of, positive
from edgesim.scenarios.parts.events import EVENTS_HELP, checked_events
from edgesim.scenarios.parts.faults import FAULTS_HELP, checked_faults
from edgesim.scenarios.parts.links import Topology
from edgesim.scenarios.settings import setting

__all__ = ["INTERVALS", "ROUTINGS", "Physical", "VNEScenario", "VirtualNetworks"]

ROUTINGS = ("k_shortest", "shortest")
"""How a virtual link is led, see :mod:`edgesim.twin.vne.router`."""

INTERVALS = ("poisson", "exponential")
MOST_VNS = 1_000_000
"""Virtual networks of an episode: their arrivals are drawn at once."""
MOST_NODES = 1000
"""Most nodes of a virtual network: its links are drawn pair by pair."""


_DRAWN = ("episode", "world")


@dataclass
class Physical:
    """The physical network: a map of nodes and links, and what they hold."""

    topology: Topology = setting(Topology(), "where the nodes and links come from")
    waxman_alpha: float = setting(
        0.2, "alpha of a Waxman map: a link of length d has probability beta exp(-d / (alpha L))"
    )
    waxman_beta: float = setting(0.5, "its beta; L is the greatest distance between two nodes")
    cpu: list[int] = setting([50, 100], "CPU units of a node, whole numbers, uniform")
    bandwidth_mbps: list[int] = setting(
        [50, 100], "Mbit/s of a link each way, whole numbers, uniform", usual=(0, 1e8)
    )
    propagation_ms_per_km: float = setting(
        0.005, "ms/km; propagation along the cable", usual=(0.001, 1)
    )
    drawn: str = setting(
        "episode",
        "whether CPU and bandwidth are drawn anew in each episode, or once by world_seed: episode,"
        " world",
        _DRAWN,
    )

    def check(self) -> None:
        self.topology.check("physical.topology")
        positive("physical.waxman_alpha", self.waxman_alpha)
        between("physical.waxman_beta", self.waxman_beta, 0, 1)
        _whole("physical.cpu", self.cpu)
        _whole("physical.bandwidth_mbps", self.bandwidth_mbps, low=1)
        at_least("physical.propagation_ms_per_km", self.propagation_ms_per_km, 0)
        one_of("physical.drawn", self.drawn, _DRAWN)


@dataclass
class VirtualNetworks:
    """The stream of virtual networks (VNs) and what each asks for."""

    count: int = setting(1000, "VNs an episode")
    arrival_rate_hz: float = setting(0.14, "1/s; VNs that arrive", usual=(1e-6, 1e4))
    intervals: str = setting(
        "poisson",
        "time between arrivals: poisson, a Poisson number of whole seconds; exponential",
        INTERVALS,
    )
    lifetime_s: float = setting(
        500.0, "s; mean time that an accepted VN stays, exponential", usual=(0.05, 1e8)
    )
    nodes: list[int] = setting([2, 10], "nodes of a VN, whole numbers, uniform")
    link_probability: float = setting(
        0.5, "probability that two of its nodes are joined; drawn again until all are connected"
    )
    cpu: list[int] = setting([0, 20], "CPU units that a node asks for, whole numbers, uniform")
    bandwidth_mbps: list[int] = setting(
        [0, 50], "Mbit/s that a link asks for, whole numbers, uniform", usual=(0, 1e8)
    )
    max_latency_ms: list[float] | None = setting(
        None,
        "ms; most that the path of a link may take, uniform; null: no bound",
        usual=(0.01, 1e5),
    )

    def check(self) -> None:
        integer_from("virtual.count", self.count, 1, MOST_VNS)
        positive("virtual.arrival_rate_hz", self.arrival_rate_hz)
        one_of("virtual.intervals", self.intervals, INTERVALS)
        positive("virtual.lifetime_s", self.lifetime_s)
        _whole("virtual.nodes", self.nodes, low=1)
        if self.nodes[1] > MOST_NODES:
            raise InputError("virtual.nodes", self.nodes, f"must be at most {MOST_NODES}")
        between("virtual.link_probability", self.link_probability, 0, 1)
        if self.link_probability < 0.01 and self.nodes[1] > 1:
            raise InputError(
                "virtual.link_probability",
                self.link_probability,
                "must be at least 0.01: VNs are drawn until they are connected",
            )
        _whole("virtual.cpu", self.cpu)
        _whole("virtual.bandwidth_mbps", self.bandwidth_mbps)
        if self.max_latency_ms is not None:
            interval("virtual.max_latency_ms", self.max_latency_ms)


@dataclass
class VNEScenario:
    """One physical network and the stream of virtual networks to be embedded in it.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("vne", "the problem whose keys these are")
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(
        0, "seed of what is the same in every episode: a drawn map, and what it holds if drawn once"
    )
    routing: str = setting(
        "k_shortest",
        "k_shortest: the first of the shortest paths that has room; shortest: the shortest path"
        " over links that have room",
        ROUTINGS,
    )
    paths: int = setting(10, "shortest paths of two nodes, by hops, that k_shortest may take")
    physical: Physical = setting(Physical(), "the physical network")
    virtual: VirtualNetworks = setting(VirtualNetworks(), "the virtual networks")
    events: Any = setting(None, EVENTS_HELP)
    faults: Any = setting(None, FAULTS_HELP)

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        one_of("routing", self.routing, ROUTINGS)
        integer_from("paths", self.paths, 1, 1000)
        self.physical.check()
        self.virtual.check()
        self.events = checked_events(
            self.events,
            subjects={"provider": "there are no providers; accepted: link, node, host"},
            horizon_s=self.virtual.count / self.virtual.arrival_rate_hz,  # on average
            places=False,
        )
        self.faults = checked_faults(self.faults, ("link", "node", "host", "load"), self.events)

    def expected_events(self) -> dict[str, float]:
        """About how often what takes time to simulate happens in an episode: virtual nodes."""
        virtual = self.virtual
        pairs = virtual.nodes[1] ** 2 / 2
        return {"virtual nodes and links": virtual.count * (sum(virtual.nodes) / 2 + pairs / 3)}


def _whole(key: str, value: list[int], low: int = 0) -> None:
    """``value`` is a pair of whole numbers [from, to]."""
    interval(key, value, low=low)
    for number in value:
        integer_from(key, number, low)
