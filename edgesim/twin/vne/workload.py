"""Virtual network embedding: virtual networks come, are embedded node by node, and leave."""

from collections.abc import Iterator

import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios.parts.faults import read_faults
from edgesim.scenarios.vne.schema import VNEScenario
from edgesim.twin.core.clock import URGENT, Moment
from edgesim.twin.core.faults import Faults, Hit, with_fault_crowds
from edgesim.twin.core.happenings import Happening, play
from edgesim.twin.core.ledger import HoldingLedger
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.series import Gauge
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.twin import Twin
from edgesim.twin.vne.arrivals import Arrivals, CrowdedArrivals, arrivals_of
from edgesim.twin.vne.gauge import NodeGauge
from edgesim.twin.vne.invariants import violations
from edgesim.twin.vne.outcomes import (
    Accepted,
    Dropped,
    Outcome,
    Rejected,
    Released,
    Rerouted,
)
from edgesim.twin.vne.request import UNPLACED, Embedding, VirtualNetwork
from edgesim.twin.vne.router import Router
from edgesim.twin.vne.substrate import Substrate
from edgesim.twin.vne.world import VNEWorld

__all__ = ["Choice", "VNEWorkload"]

Choice = tuple[int, int] | None
"""A virtual node and the physical node that is to be its host; None rejects the request."""


class VNEWorkload(Workload[VirtualNetwork, Choice]):
    """One episode of virtual networks (VNs).

    >>> from edgesim.scenarios import resolve
    >>> vne = VNEWorkload.alone(resolve("vne_geant"), np.random.SeedSequence(0))
    >>> ledger = vne.run(lambda vne, request: (vne.embedding.placed, request.number % 37))
    >>> ledger.closes
    True

    A VN is decided node by node, in any order, without time passing in between: one choice, one
    virtual node and its host. Different nodes of a VN have different hosts. Each virtual link is
    led as soon as both its ends have a host, and holds its bandwidth along its path from then on.
    The VN ends at the first choice that cannot hold, and is accepted with its last node. It is
    released ``lifetime_s`` after that, before any VN that arrives at that very instant.

    Args:
        scenario: the scenario.
        world: the scenario's world, where it is at hand already.
        routing: one of :data:`edgesim.scenarios.vne.schema.ROUTINGS`; the scenario's by default.

    Attributes:
        embedding: the VN at hand and its hosts and paths so far.
        running: the accepted VNs by their number.
        substrate: what nodes and links have left.
        router: finds paths.
    """

    name = "vne"
    columns = ("request", "node")

    def __init__(
        self, scenario: VNEScenario, world: VNEWorld | None = None, routing: str | None = None
    ) -> None:
        self.world = VNEWorld(scenario) if world is None else world
        self._routing = scenario.routing if routing is None else routing

    @property
    def details(self) -> tuple[str, ...]:  # type: ignore[override]  # elements only where events are
        """See :class:`edgesim.twin.core.workload.Workload`."""
        if self.scenario.events or self.scenario.faults:
            return ("cpu_units", "element")
        return ("cpu_units",)

    @property
    def capacities(self) -> list[float]:
        """CPU units of each physical node."""
        return [float(units) for units in self.substrate.cpu]

    @property
    def scenario(self) -> VNEScenario:
        """The scenario."""
        return self.world.scenario

    @classmethod
    def alone(
        cls,
        scenario: VNEScenario,
        seed: np.random.SeedSequence,
        *,
        world: VNEWorld | None = None,
        routing: str | None = None,
        record: bool = False,
    ) -> "VNEWorkload":
        """A twin with this one workload, which is returned.

        Args:
            scenario: the scenario.
            seed: draws what happens in the episode, and what nodes and links hold, unless the
                scenario says that ``world_seed`` does.
            world: the scenario's world, where it is at hand already.
            routing: as of the class.
            record: whether to keep an event log.
        """
        workload = cls(scenario, world, routing)
        network = workload.world.network(Streams(seed))
        Twin([workload], seed, network=network, record=record)
        return workload

    @property
    def network_world(self) -> NetworkWorld:
        """A network whose links hold what ``world_seed`` draws; :meth:`alone` draws its own."""
        return self.world.network(Streams(np.random.SeedSequence(self.scenario.world_seed)))

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        self.twin, self.clock, self.log, self._streams = twin, twin.clock, log, streams
        wiring = twin.network.world.wiring
        if wiring.edges != list(self.world.map.edges):
            raise InputError("network", f"{wiring.nodes} nodes", "must have the scenario's map")
        self.outcomes: list[Outcome] = []
        self.ledger = HoldingLedger()
        self.request = None
        self.running: dict[int, Embedding] = {}
        self.substrate = Substrate(twin.network, self.world.cpu(streams))
        self.router = Router(self.world, self.substrate, self._routing)
        self._arrivals = self.arrivals()
        self._coming: VirtualNetwork | None = next(self._arrivals, None)
        self._awaited: Moment | None = None  # of the next arrival
        self._hosts_down: dict[int, int] = {}  # failures that keep the CPU of a node down
        play(self.clock, self.world.plan, self._happen)
        faults = read_faults(self.scenario.faults)
        if self.world.network_plan or faults:
            twin.network.watch(self)
        self.faults: Faults | None = None
        if faults:
            counts = {what: len(names) for what, names in self.world.elements.items()}
            self.faults = Faults(self.clock, faults, counts, streams, self._hit)

    # --- from decision to decision --------------------------------------------------------------

    def prepare(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        if self._awaited is None:
            request = self._coming
            if request is None:
                return False
            self._coming = next(self._arrivals, None)
            self._awaited = self.clock.at(request.arrival_s, self._arrive, request)
        return True

    @property
    def idle(self) -> bool:
        """Whether no VN is to come or at hand; those that run go on running."""
        return self._coming is None and self._awaited is None and self.request is None

    def decide(self, choice: Choice) -> None:
        """Give a virtual node its host, or reject the VN at hand.

        Raises:
            RuntimeError: there is no VN to decide, or the virtual node has a host already.
        """
        if choice is None:
            self.reject()
        else:
            self.choose(*choice)

    def choose(self, virtual: int, node: int) -> None:
        """Give a virtual node of the VN at hand its host.

        Raises:
            RuntimeError: there is no VN to decide, or the virtual node has a host already.
            InputError: there is no such virtual or physical node.
        """
        if self.request is None:
            raise RuntimeError("there is no request to decide: call next_decision() first")
        embedding = self.embedding
        for what, number, count in (
            ("virtual node", virtual, len(embedding.hosts)),
            ("physical node", node, len(self.substrate.cpu)),
        ):
            if not 0 <= number < count:
                raise InputError(what, number, f"must be from 0 to {count - 1}")
        if embedding.hosts[virtual] != UNPLACED:
            raise RuntimeError(f"virtual node {virtual} has a host already")
        if self.log is not None:
            units = float(embedding.request.cpu[virtual])
            self._note("choose", node, float(virtual), cpu_units=units)
        reason = self._place(embedding, virtual, node)
        if reason is not None:
            self._reject(embedding, reason)
        elif embedding.complete:
            self._accept(embedding)

    def reject(self) -> None:
        """Turn the VN at hand down.

        Raises:
            RuntimeError: there is no VN to decide.
        """
        if self.request is None:
            raise RuntimeError("there is no request to decide: call next_decision() first")
        self._reject(self.embedding, "declined")

    def arrivals(self) -> Arrivals | CrowdedArrivals:
        """All virtual networks of the episode, as fresh objects: the future, whatever is done."""
        virtual, load = self.scenario.virtual, self.world.load
        faults = read_faults(self.scenario.faults)
        if faults:
            rate_hz = virtual.arrival_rate_hz
            load = with_fault_crowds(load, faults, rate_hz, virtual.count / rate_hz, self._streams)
        return arrivals_of(virtual, self._streams, load)

    def violations(self) -> Iterator[str]:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        yield from super().violations()
        yield from violations(self)

    @property
    def length_s(self) -> float:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self.scenario.virtual.count / self.scenario.virtual.arrival_rate_hz

    def gauges(self) -> list[Gauge]:
        """See :class:`edgesim.twin.core.workload.Workload`: the nodes."""
        return [NodeGauge(self, self.world.elements["node"])]

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        now = self.clock._now
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None
        self._arrivals.resample(now, self.ledger.arrived)
        self._coming = next(self._arrivals, None)
        for embedding in self.running.values():
            embedding.end.cancel()
            rest_s = self._arrivals.rest_s()
            embedding.end = self.clock.at(now + rest_s, self._release, embedding, URGENT)

    # --- the world's events ---------------------------------------------------------------------

    def _arrive(self, moment: Moment) -> None:
        request: VirtualNetwork = moment._value
        self._awaited = None
        self.request = self.last = request
        self.embedding = Embedding(request)
        self.ledger.arrived += 1
        self.ledger.undecided += 1
        if self.log is not None:
            self._note("arrive", -1, float(request.nodes))
        self.clock.pause()

    def _place(self, embedding: Embedding, virtual: int, node: int) -> str | None:
        """Hold what a virtual node and its links to placed ones need; or why that cannot be."""
        request, substrate, hosts = embedding.request, self.substrate, embedding.hosts
        if node in hosts:
            return "taken"
        if not substrate.take_cpu(node, request.cpu[virtual]):
            return "cpu"
        hosts[virtual] = node
        embedding.placed += 1
        for other, index in request.beside[virtual]:
            if hosts[other] == UNPLACED:
                continue
            link = request.links[index]
            path = self.router.path(
                hosts[link.one], hosts[link.other], link.bandwidth_bps, link.max_latency_s
            )
            if path is None:
                return "path"
            substrate.take_path(path, link.bandwidth_bps)
            embedding.paths[index] = path
        return None

    def _accept(self, embedding: Embedding) -> None:
        request, now = embedding.request, self.clock._now
        self.request = None
        self.ledger.undecided -= 1
        self.ledger.accepted += 1
        self.ledger.running += 1
        self.running[request.number] = embedding
        self.outcomes.append(Accepted(now, embedding))
        if self.log is not None:
            self._note("accept", -1, embedding.hop_bps)
        embedding.end = self.clock.at(now + request.lifetime_s, self._release, embedding, URGENT)

    def _reject(self, embedding: Embedding, reason: str) -> None:
        self._free(embedding)
        self.request = None
        self.ledger.undecided -= 1
        self.ledger.rejected += 1
        self.outcomes.append(Rejected(self.clock._now, embedding, reason))
        if self.log is not None:
            self._note(f"reject: {reason}", -1, float(embedding.placed))

    def _release(self, moment: Moment) -> None:
        embedding: Embedding = moment._value
        number = embedding.request.number
        del self.running[number]
        self._free(embedding)
        self.ledger.running -= 1
        self.ledger.released += 1
        self.outcomes.append(Released(self.clock._now, embedding))
        if self.log is not None:
            self.log.add(self.clock._now, "release", number, -1, 0.0)

    # --- stated events --------------------------------------------------------------------------

    def _hit(self, hit: Hit) -> bool:
        """A fault begins or ends."""
        what, number = hit.what, hit.number
        name = self.world.elements[what][number]
        change = "fails" if hit.begins else "repaired"
        made = Happening(self.clock._now, what, number, change, 1.0, name)
        if what == "host":
            self._take(made)
        else:
            self.twin.network.happen(made)
        return True

    def edge_failed(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("link fails", self.world.elements["link"][edge])
        self._mend()

    def edge_repaired(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("link repaired", self.world.elements["link"][edge])

    def node_failed(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("node fails", self.world.elements["node"][node], node)
        self._fail_host(node)
        self._mend()

    def node_repaired(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("node repaired", self.world.elements["node"][node], node)
        self._repair_host(node)

    def capacity_changed(self, edge: int, factor: float) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("link capacity", self.world.elements["link"][edge], value=factor)
        self._mend()

    def _happen(self, moment: Moment) -> None:
        self._take(moment.value)

    def _take(self, made: Happening) -> None:
        self._tell(f"host {made.change}", made.name, made.number, made.factor)
        if made.change == "capacity":
            self.substrate.scale_cpu(made.number, made.factor)
        elif made.change == "fails":
            self._fail_host(made.number)
            self._mend()
        else:
            self._repair_host(made.number)

    def _fail_host(self, node: int) -> None:
        self._hosts_down[node] = reasons = self._hosts_down.get(node, 0) + 1
        if reasons == 1:
            self.substrate.fail_host(node)

    def _repair_host(self, node: int) -> None:
        self._hosts_down[node] -= 1
        if not self._hosts_down[node]:
            del self._hosts_down[node]
            self.substrate.repair_host(node)

    def _mend(self) -> None:
        """Lead virtual links around what is down or too small; drop VNs that cannot go on.

        Those that came last give way first where a link holds less than is reserved. What a path
        held is free at once, and a VN whose path has no other, or whose host is down, is dropped.
        """
        for embedding in reversed(list(self.running.values())):
            if not self._hosts_down.keys().isdisjoint(embedding.hosts):
                self._drop(embedding)
                continue
            hit = [
                index
                for index, path in enumerate(embedding.paths)
                if path and any(self._broken(link) for link in path)
            ]
            if not hit:
                continue
            for index in hit:
                self._give_path(embedding, index)
            if all(self._lead(embedding, index) for index in hit):
                self.ledger.rerouted += 1
                self.outcomes.append(Rerouted(self.clock._now, embedding))
                if self.log is not None:
                    number = embedding.request.number
                    self.log.add(self.clock._now, "reroute", number, -1, float(len(hit)))
            else:
                self._drop(embedding)

    def _broken(self, link: int) -> bool:
        links = self.substrate.network.links
        both = (link, link ^ 1)
        return not links.up[link] or any(
            links.excess_bps(way) > 1e-6 * links.capacity_bps[way] for way in both
        )

    def _lead(self, embedding: Embedding, index: int) -> bool:
        """Give a virtual link a path, where there is one."""
        link = embedding.request.links[index]
        one, other = embedding.hosts[link.one], embedding.hosts[link.other]
        path = self.router.path(one, other, link.bandwidth_bps, link.max_latency_s)
        if path is None:
            return False
        self.substrate.take_path(path, link.bandwidth_bps)
        embedding.paths[index] = path
        return True

    def _give_path(self, embedding: Embedding, index: int) -> None:
        path = embedding.paths[index]
        if path is not None:
            self.substrate.give_path(path, embedding.request.links[index].bandwidth_bps)
        embedding.paths[index] = None

    def _drop(self, embedding: Embedding) -> None:
        """A running VN is given up."""
        number = embedding.request.number
        embedding.end.cancel()
        del self.running[number]
        self._free(embedding)
        self.ledger.running -= 1
        self.ledger.dropped += 1
        self.outcomes.append(Dropped(self.clock._now, embedding))
        if self.log is not None:
            self.log.add(self.clock._now, "drop", number, -1, 0.0)

    def _tell(self, event: str, element: str, node: int = -1, value: float = 0.0) -> None:
        if self.log is not None:
            self.log.add(self.clock._now, event, -1, node, value, element=element)

    def _free(self, embedding: Embedding) -> None:
        """Give back all that an embedding holds."""
        request, substrate = embedding.request, self.substrate
        for host, units in zip(embedding.hosts, request.cpu, strict=True):
            if host != UNPLACED:
                substrate.give_cpu(host, units)
        for path, link in zip(embedding.paths, request.links, strict=True):
            if path is not None:
                substrate.give_path(path, link.bandwidth_bps)

    def _note(self, event: str, node: int, value: float, **details: float) -> None:
        """Write a line of the event log on the VN at hand, where one is kept."""
        if self.log is not None:
            self.log.add(self.clock._now, event, self.last.number, node, value, **details)
