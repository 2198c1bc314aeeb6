"""The SDN controller: it routes chains, writes their rules into the switches, and mends them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from edgesim.scenarios.parts.sdn import Controller
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.network.links import Links
from edgesim.twin.network.routing import Path, Routing
from edgesim.twin.sdn import southbound
from edgesim.twin.sdn.southbound import ControlChannel, SouthboundTally

__all__ = ["Flow", "SDNController"]


class Flow:
    """Traffic of a chain that the controller leads from node to node.

    Attributes:
        points: the nodes it visits, in order: source, hosts of the VNFs, destination.
        paths: the links between each point and the next.
        bandwidth_bps: what it has reserved on each of these links.
        value: what the caller attached to it.
        carrying: whether its traffic gets through: all rules are in and all its links are up.
        reroutes: how often a failure made it change its way.
    """

    __slots__ = (
        "bandwidth_bps",
        "carrying",
        "due_s",
        "moment",
        "paths",
        "points",
        "reroutes",
        "value",
    )

    def __init__(self, source: int, bandwidth_bps: float, value: Any) -> None:
        self.points = [source]
        self.paths: list[Path] = []
        self.bandwidth_bps = bandwidth_bps
        self.value = value
        self.carrying = False
        self.reroutes = 0
        self.due_s = 0.0  # when its last rule is in, whatever its links do
        self.moment: Moment | None = None  # at which it then begins to carry


Listener = Callable[[Flow], None]


def _ignore(_: Flow) -> None:
    pass


class SDNController:
    """The controller of an episode.

    A flow is opened, extended from point to point (each time along the first of the k shortest
    paths with room, whose bandwidth it reserves at once), and installed. Every switch on the way
    then gets its flow-mods and a barrier request, after the delay of its control channel; it writes
    one rule after the other, those of earlier flows first, ``rule_ms`` each, and confirms by a
    barrier reply. The flow carries traffic once the last rule of all switches is in. A rule is
    needed at every switch of a path, the last one included, where it leads to the host.

    When a link or a node fails, flows that cross it stop. The first live switch to report it
    (port-status) tells the controller after its channel's delay. All flows that are hit then give
    back what their broken paths hold, and are mended in the order in which they were installed:
    each broken path is replaced by the first one with room, and its rules likewise. A flow of which
    one path can't be replaced, or a point of which is down, is dropped; what its other paths hold
    is free from then on.

    Args:
        clock: the world's clock.
        controller: the scenario's controller.
        channel: delays of the control channel.
        tally: counts the messages.
        routing: routes over the links of the episode.
        ready: called when a flow begins to carry traffic, also again after a failure.
        interrupted: called when a failure stops it.
        rerouted: called when it gets another way; ``ready`` follows.
        dropped: called when it has been given up and all it had reserved on links is free.

    Attributes:
        flows: the installed flows, in their order.
        rerouted_flows: how many were given another way after a failure.
        dropped_flows: how many were given up.
    """

    def __init__(
        self,
        clock: Clock,
        controller: Controller,
        channel: ControlChannel,
        tally: SouthboundTally,
        routing: Routing,
        ready: Listener = _ignore,
        interrupted: Listener = _ignore,
        rerouted: Listener = _ignore,
        dropped: Listener = _ignore,
    ) -> None:
        self._clock = clock
        self._channel = channel
        self._tally = tally
        self._routing = routing
        self._links: Links = routing.links
        self._rule_s = controller.rule_ms / 1000
        self._free_s = [0.0] * len(channel.delay_s)  # when each switch has written all its rules
        self._ready_call = ready
        self._interrupted_call = interrupted
        self._rerouted_call = rerouted
        self._dropped_call = dropped
        self._hosts_down: set[int] = set()  # nodes whose machines are down, whatever their switch
        self.flows: dict[Flow, None] = {}
        self.rerouted_flows = 0
        self.dropped_flows = 0

    # ---- the life of a flow

    def open(self, source: int, bandwidth_bps: float, value: Any = None) -> Flow:
        """Begin a flow at a node."""
        return Flow(source, bandwidth_bps, value)

    def extend(self, flow: Flow, node: int) -> bool:
        """Lead a flow on to a node and reserve what it needs; False, and nothing done, where none
        of the paths has room.
        """
        path = self._routing.path(flow.points[-1], node, flow.bandwidth_bps)
        if path is None:
            return False
        self._links.reserve(path, flow.bandwidth_bps)
        flow.points.append(node)
        flow.paths.append(path)
        return True

    def install(self, flow: Flow) -> float:
        """Write the rules of a complete flow.

        Returns:
            When the last of them will be in, s.
        """
        self.flows[flow] = None
        return self._write(flow, flow.points, flow.paths)

    def release(self, flow: Flow) -> None:
        """End a flow, installed or not: its bandwidth is free at once, its rules go."""
        self._end(flow, flow.paths)

    def _end(self, flow: Flow, held: Iterable[Path]) -> None:
        """End a flow that has ``held`` of its paths reserved."""
        for path in held:
            self._links.release(path, flow.bandwidth_bps)
        flow.carrying = False
        if flow.moment is not None:
            flow.moment.cancel()
            flow.moment = None
        if flow in self.flows:
            del self.flows[flow]
            self._erase(flow.points, flow.paths)
        flow.points, flow.paths = flow.points[:1], []

    # ---- failures

    def edges_changed(self, edges: Iterable[int]) -> None:
        """Links have failed or are repaired; the links know already.

        Every live switch at an end reports its port by a port-status message. Call it with the
        edges at a node when the node fails or is repaired: its neighbours see their ports change.
        """
        links = self._links
        heard: list[float] = []
        for edge in edges:
            for node in links.wiring.edges[edge]:
                if links.node_up[node]:
                    self._tally.add("port_status", southbound.PORT_STATUS)
                    heard.append(self._channel.delay_s[node])
        self._stop(heard)

    def host_failed(self, node: int) -> None:
        """The machines at a node have failed, and the node goes on: flows to them are given up.

        Who watches the machines tells the controller as a switch there would.
        """
        self._hosts_down.add(node)
        self._stop([self._channel.delay_s[node]])

    def host_repaired(self, node: int) -> None:
        """The machines at a node work again."""
        self._hosts_down.discard(node)

    def capacity_lowered(self, edge: int) -> None:
        """A link holds less than it did; its switches tell the controller, as of a failure.

        Where more is reserved than it holds, the flows that were installed last give way: each
        gets other paths, or is dropped. All go on, over the full link, until then.
        """
        links = self._links
        ends = links.wiring.edges[edge]
        heard = [self._channel.delay_s[node] for node in ends if links.node_up[node]]
        delay = min(heard, default=max(self._channel.delay_s))
        self._clock.after(delay, self._make_room, edge)

    def _make_room(self, moment: Any) -> None:
        links = self._links
        moved: dict[Flow, list[int]] = {}
        waits = False
        for link in (2 * moment.value, 2 * moment.value + 1):
            for flow in reversed(list(self.flows)):
                if links.excess_bps(link) <= 1e-6 * links.capacity_bps[link]:
                    break  # the sums of reservations are rounded
                if self._broken(flow) and any(link in path for path in flow.paths):
                    waits = True  # a failure has stopped it, and it is mended first
                    break
                places = [
                    place
                    for place, path in enumerate(flow.paths)
                    if link in path and place not in moved.get(flow, ())
                ]
                for place in places:
                    links.release(flow.paths[place], flow.bandwidth_bps)
                if places:
                    moved.setdefault(flow, []).extend(places)
        for flow in [flow for flow in self.flows if flow in moved]:
            places = sorted(moved[flow])
            new = self._plan(flow, places) if self._hosted(flow) else None
            if new is None:
                self._drop(flow, places)
            else:
                if flow.moment is not None:
                    flow.moment.cancel()
                    flow.moment = None
                self._reroute(flow, places, new)
        if waits:
            self._clock.after(max(self._channel.delay_s), self._make_room, moment.value)

    def _stop(self, heard: Sequence[float]) -> None:
        """Stop the flows that are broken, and mend them when the first message is there."""
        hit = [flow for flow in self.flows if self._broken(flow)]
        if not hit:
            return
        for flow in hit:
            if flow.moment is not None:
                flow.moment.cancel()
                flow.moment = None
            if flow.carrying:
                flow.carrying = False
                self._interrupted_call(flow)
        # Where no switch is left to report it, the controller misses the echo replies.
        delay = min(heard, default=max(self._channel.delay_s))
        self._clock.after(delay, self._mend, hit)

    def _broken(self, flow: Flow) -> bool:
        return not self._hosted(flow) or bool(self._broken_paths(flow))

    def _hosted(self, flow: Flow) -> bool:
        """Whether all nodes that the flow visits are up, and the machines that it passes."""
        node_up = self._links.node_up
        if self._hosts_down and not self._hosts_down.isdisjoint(flow.points[1:-1]):
            return False
        return all(node_up[node] for node in flow.points)

    def _broken_paths(self, flow: Flow) -> list[int]:
        """Places of the paths that cross a link which is down."""
        up = self._links.up
        return [
            place for place, path in enumerate(flow.paths) if not all(up[link] for link in path)
        ]

    def _mend(self, moment: Any) -> None:
        links = self._links
        # All give back what they can't keep before one of them asks for room: what a broken path
        # holds on links that still work is of no use to its flow, and may be what the mending
        # needs, its own or an older flow's.
        given_back: dict[Flow, list[int]] = {}
        for flow in moment.value:
            if flow not in self.flows or flow.carrying or flow.moment is not None:
                continue  # it has ended, or was mended meanwhile
            hosted = self._hosted(flow)
            places = self._broken_paths(flow) if hosted else list(range(len(flow.paths)))
            for place in places:
                links.release(flow.paths[place], flow.bandwidth_bps)
            given_back[flow] = places
        for flow, places in given_back.items():
            new = self._plan(flow, places) if self._hosted(flow) else None
            if new is None:
                self._drop(flow, places)
            elif places:
                self._reroute(flow, places, new)
            else:
                self._await(flow)  # the failure was repaired before the controller heard of it

    def _plan(self, flow: Flow, places: Sequence[int]) -> list[Path] | None:
        """Reserve new paths in these places of a flow, one after the other; None, and nothing
        reserved, where one of them can't be had.
        """
        links, bandwidth_bps = self._links, flow.bandwidth_bps
        new: list[Path] = []
        for place in places:
            path = self._routing.path(flow.points[place], flow.points[place + 1], bandwidth_bps)
            if path is None:
                for reserved in new:
                    links.release(reserved, bandwidth_bps)
                return None
            links.reserve(path, bandwidth_bps)
            new.append(path)
        return new

    def _reroute(self, flow: Flow, places: Sequence[int], new: Sequence[Path]) -> None:
        """Take the new paths, which are reserved, in the places of the old ones."""
        starts = [flow.points[place] for place in places]
        self._erase(starts, [flow.paths[place] for place in places])
        for place, path in zip(places, new, strict=True):
            flow.paths[place] = path
        flow.reroutes += 1
        self.rerouted_flows += 1
        self._rerouted_call(flow)
        self._write(flow, starts, new)

    def _drop(self, flow: Flow, given_back: Sequence[int]) -> None:
        """Give up a flow that has nothing reserved in these places any more."""
        self.dropped_flows += 1
        self._end(flow, [path for place, path in enumerate(flow.paths) if place not in given_back])
        self._dropped_call(flow)

    # ---- rules

    def _rules(self, points: Sequence[int], paths: Sequence[Path]) -> dict[int, int]:
        """How many rules each live switch has for these paths, each from the point of its place."""
        ends, up = self._links.wiring.ends, self._links.node_up
        rules: dict[int, int] = {}
        for place, path in enumerate(paths):
            node = points[place]
            rules[node] = rules.get(node, 0) + 1
            for link in path:
                node = ends[link][1]
                rules[node] = rules.get(node, 0) + 1
        return {node: count for node, count in rules.items() if up[node]}

    def _busy(self, rules: dict[int, int]) -> float:
        """Let each switch write its rules; when the last one is done."""
        now, free_s, delay_s = self._clock.now, self._free_s, self._channel.delay_s
        last = now
        for node, count in rules.items():
            start = max(now + delay_s[node], free_s[node])
            free_s[node] = done = start + count * self._rule_s
            last = max(last, done)
        self._tally.add("flow_mod", southbound.FLOW_MOD, sum(rules.values()))
        return last

    def _write(self, flow: Flow, points: Sequence[int], paths: Sequence[Path]) -> float:
        rules = self._rules(points, paths)
        last = self._busy(rules)
        self._tally.add("barrier_request", southbound.BARRIER, len(rules))
        self._tally.add("barrier_reply", southbound.BARRIER, len(rules))
        flow.due_s = max(flow.due_s, last)
        self._await(flow)
        return flow.due_s

    def _erase(self, points: Sequence[int], paths: Sequence[Path]) -> None:
        self._busy(self._rules(points, paths))

    def _await(self, flow: Flow) -> None:
        due_s = max(flow.due_s, self._clock.now)
        flow.moment = self._clock.at(due_s, self._begin, flow)

    def _begin(self, moment: Any) -> None:
        flow: Flow = moment.value
        flow.moment = None
        flow.carrying = True
        self._ready_call(flow)
