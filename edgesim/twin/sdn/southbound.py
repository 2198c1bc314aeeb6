"""The channel between controller and switches: how long messages take, how many there are."""

from collections.abc import Callable

import networkx as nx
import numpy as np
from scipy.sparse.csgraph import dijkstra

from edgesim.scenarios.parts.sdn import Controller
from edgesim.twin.core.forking import Shared
from edgesim.twin.network.wiring import Wiring

__all__ = ["KINDS", "ControlChannel", "SouthboundTally", "frame_bytes"]

# Sizes in bytes of OpenFlow 1.3 messages (OpenFlow Switch Specification 1.3.5, section 7): the
# structures of the standard, without TCP, IP and Ethernet around them.
ECHO = 8
BARRIER = 8
FLOW_MOD = 48 + 40 + 8 + 16
"""Fixed part, a match of in_port, eth_type, ipv4_src and ipv4_dst padded to 8, the instruction
apply-actions, one output action."""
PACKET_OUT = 24 + 16
"""Fixed part and one output action; the frame follows."""
PACKET_IN = 24 + 16 + 2
"""Fixed part, a match of in_port padded to 8, two bytes of padding; the frame follows."""
PORT_STATUS = 80
PORT_STATS_REQUEST = 16 + 8
PORT_STATS_REPLY = 16
PORT_STATS = 112
"""Of each port in a port-stats reply."""

KINDS = (
    "barrier_reply",
    "barrier_request",
    "echo_reply",
    "echo_request",
    "flow_mod",
    "packet_in",
    "packet_out",
    "port_stats_reply",
    "port_stats_request",
    "port_status",
)

_LLDP = 14 + 9 + 7 + 4 + 2
"""Ethernet header and the mandatory TLVs of IEEE 802.1AB-2016, clause 8: chassis ID (a MAC
address), port ID (4 bytes), time to live, end."""
_TLV = 6
"""Of an organizationally specific TLV (clause 8.6): type and length, OUI, subtype."""
_LEAST = 60  # of an Ethernet frame without its check sequence


def frame_bytes(values: int) -> int:
    """Size of an LLDP frame whose measurement TLV holds that many values of 8 bytes, bytes."""
    return max(_LEAST, _LLDP + (_TLV + 8 * values if values else 0))


class ControlChannel(Shared):
    """Where the controller stands and how far each switch is from it: what a world keeps.

    The controller stands at the most central node, from which the sum of the ways to all others is
    least (closeness centrality: G. Sabidussi, "The centrality index of a graph", Psychometrika 31,
    1966), the first of several.

    Args:
        wiring: the links.
        controller: the scenario's controller.

    Attributes:
        site: the controller's node.
        delay_s: what a message takes between the controller and each switch, jitter apart.
    """

    def __init__(self, wiring: Wiring, controller: Controller) -> None:
        lengths_km = nx.to_scipy_sparse_array(
            wiring.graph, nodelist=range(wiring.nodes), weight="length_km", format="csr"
        )
        # Older versions of networkx make indices of 64 bits, which older ones of SciPy refuse.
        lengths_km.indices = lengths_km.indices.astype(np.int32)
        lengths_km.indptr = lengths_km.indptr.astype(np.int32)
        ways_km = dijkstra(lengths_km, directed=False)
        # From the nearest node on, one after the other: the sum of a node has one value.
        sums = np.sort(ways_km, axis=1).cumsum(axis=1)[:, -1]
        self.site = int(sums.argmin())
        self.delay_s: list[float] = [
            (controller.channel_ms + way_km * controller.channel_ms_per_km) / 1000
            for way_km in ways_km[self.site].tolist()
        ]


class SouthboundTally:
    """Messages of an episode between controller and switches, by kind, and their bytes.

    Attributes:
        watchers: called before the tally is read: whoever works out late what was sent adds it now.
    """

    __slots__ = ("_message_bytes", "_messages", "watchers")

    def __init__(self) -> None:
        self.watchers: list[Callable[[], None]] = []
        self._messages: dict[str, int] = dict.fromkeys(KINDS, 0)
        self._message_bytes: dict[str, int] = dict.fromkeys(KINDS, 0)

    @property
    def messages(self) -> dict[str, int]:
        """Number of messages of each kind."""
        self._announce()
        return self._messages

    @property
    def message_bytes(self) -> dict[str, int]:
        """Bytes of each kind."""
        self._announce()
        return self._message_bytes

    def add(self, kind: str, size_bytes: int, count: int = 1) -> None:
        """Count ``count`` messages of one of the ``KINDS``, each of that size."""
        self._messages[kind] += count
        self._message_bytes[kind] += size_bytes * count

    def total(self) -> tuple[int, int]:
        """Messages and bytes of all kinds."""
        return sum(self.messages.values()), sum(self.message_bytes.values())

    def _announce(self) -> None:
        for watcher in self.watchers:
            watcher()
