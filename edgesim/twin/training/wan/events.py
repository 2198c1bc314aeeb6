"""Scale-in, crashes and links that are cut and joined, and how those concerned handle them."""

from typing import Any

from edgesim.twin.core.clock import Moment
from edgesim.twin.training.wan.churn import Change
from edgesim.twin.training.wan.cluster import Cluster
from edgesim.twin.training.wan.outcomes import Handled

__all__ = ["Events"]


class Events:
    """What happens to those who train and to the links between them.

    An event is handled when everybody whom it concerns knows and has answered: a round trip, and
    what a node takes to answer. Who leaves says so to its neighbours in the ring and to those who
    pull from it; who crashes is missed after some heartbeats. A cut link concerns the neighbours
    whose way led over it; they agree on another one. Cuts that would part the network are left
    out.

    Args:
        workload: whose.
    """

    def __init__(self, workload: Cluster) -> None:
        self._of = workload
        self._leaving: set[int] = set()

    def happen(self, change: Change) -> None:
        """One of the changes that were drawn."""
        of = self._of
        if change.kind == "join":
            away = [
                institution
                for institution in range(of.world.institutions)
                if institution not in of.present
                and institution not in of.joining
                and institution not in self._leaving
            ]
            if away and of.present:
                of.joins(away[int(change.draw * len(away))])
        elif change.kind == "cut":
            self._cut(change)
        else:
            staying = [node for node in of.present if node not in self._leaving]
            if len(staying) > of.scenario.churn.least:
                node = staying[int(change.draw * len(staying))]
                if change.kind == "leave":
                    self.leave(node)
                else:
                    self.crash(node, change.phase)

    # ---- institutions

    def leave(self, institution: int) -> None:
        """An institution says good-bye."""
        of = self._of
        self._leaving.add(institution)
        of.note("leave", institution, 0.0)
        seconds = self._answered_s(institution)
        of.clock.after(seconds, self._gone, ("leave", institution, seconds, 0.0))

    def crash(self, institution: int, phase: float = 0.5) -> None:
        """An institution vanishes, ``phase`` of a heartbeat's period after its last one."""
        of = self._of
        churn = of.scenario.churn
        self._leaving.add(institution)
        of.note("crash", institution, 0.0)
        answered_s = self._answered_s(institution)
        of.steps.disturbed()
        of.twin.network.fail_node(of.world.first + institution)
        detection_s = (churn.missed - phase) * churn.heartbeat_s
        told = ("crash", institution, answered_s, detection_s)
        of.clock.after(detection_s + answered_s, self._gone, told)

    def _answered_s(self, institution: int) -> float:
        """Until the neighbours in the ring and those who pull from somebody have agreed, s."""
        of = self._of
        ring = of.present
        place = ring.index(institution)
        near = {ring[place - 1], ring[(place + 1) % len(ring)]}
        near |= {
            one.institution
            for one in of.newcomers.values()
            if one.pull is not None and institution in one.pull.sources
        }
        near.discard(institution)
        trip_s = of.monitor.round_trip_s(institution, sorted(near))
        return trip_s + of.scenario.churn.processing_s

    def _gone(self, moment: Moment) -> None:
        event, institution, seconds, detection_s = moment.value
        of = self._of
        self._leaving.discard(institution)
        of.pending_ring = None
        of.set_ring([node for node in of.present if node != institution])
        of.ledger.training -= 1
        if event == "leave":
            of.ledger.left += 1
        else:
            of.ledger.crashed += 1
        self._handled(event, institution, seconds, detection_s)
        of.scale_out.left(institution)
        of.ring_changed()

    # ---- links

    def _cut(self, change: Change) -> None:
        of = self._of
        whole = self._whole()
        if whole:
            edge = whole[int(change.draw * len(whole))]
            self.disconnect(edge)
            of.clock.after(change.lasts_s, self._joined, edge)

    def _whole(self) -> list[int]:
        """Links of the backbone without which all still reach one another."""
        up = self._of.twin.network.links.edge_up
        return self._of.world.whole(tuple([edge for edge in self._of.world.edges if not up[edge]]))

    def concerns(self, edge: int) -> bool:
        """Whether the ring crosses a link of the backbone that is not the only way somewhere."""
        return bool(self._pairs(edge)) and edge in self._whole()

    def disconnect(self, edge: int) -> None:
        """A link of the backbone is cut."""
        of = self._of
        hit = self._pairs(edge)
        of.note("disconnect", -1, float(edge))
        of.steps.disturbed()
        of.twin.network.fail_edge(edge)
        seconds = self._agreed_s(hit, edge)
        of.clock.after(seconds, self._settled, ("disconnect", edge, seconds, bool(hit)))

    def _joined(self, moment: Moment) -> None:
        self.connect(moment.value)

    def connect(self, edge: int) -> None:
        """A link of the backbone works again."""
        of = self._of
        of.note("connect", -1, float(edge))
        of.steps.disturbed()
        of.twin.network.repair_edge(edge)
        seconds = self._agreed_s(self._pairs(edge), edge)
        of.clock.after(seconds, self._settled, ("connect", edge, seconds, True))

    def _settled(self, moment: Moment) -> None:
        event, edge, seconds, concerned = moment.value
        self._handled(event, edge, seconds, 0.0)
        if concerned:
            self._of.reroute()
            self._of.ring_changed()

    def _pairs(self, edge: int) -> list[tuple[int, int]]:
        """Neighbours in the ring whose shortest way leads over a link."""
        of = self._of
        ring = of.present
        hops = of.monitor.hops(ring) or []
        links = {2 * edge, 2 * edge + 1}
        ends, first = of.world.network.wiring.ends, of.world.first
        return [
            (ends[hop[0]][0] - first, ends[hop[-1]][1] - first)
            for hop in hops
            if not links.isdisjoint(hop)
        ]

    def _agreed_s(self, pairs: list[tuple[int, int]], edge: int) -> float:
        """A round trip of the neighbours concerned; of the link's own ends where there are none."""
        of = self._of
        trips = [of.monitor.round_trip_s(one, [other]) for one, other in pairs]
        wiring = of.world.network.wiring
        own: Any = 2 * wiring.idle_s[2 * edge]
        return max(trips, default=own) + of.scenario.churn.processing_s

    def _handled(self, event: str, number: int, seconds: float, detection_s: float) -> None:
        of = self._of
        if event in ("connect", "disconnect"):
            of.ledger.cut += event == "disconnect"
        of.outcomes.append(Handled(of.clock.now, event, number, seconds, detection_s))
        of.note("handled", number, seconds, event)
