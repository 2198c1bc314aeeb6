"""The series of links: how full each is, what waits there, and how long it takes to cross it."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.series import Marks
from edgesim.twin.network.network import Network

__all__ = ["LinkGauge"]

Floats = npt.NDArray[np.float64]


class LinkGauge:
    """Looks at every link, each way.

    Where links carry the fluid of chains and background traffic, latency is the mean delay of a
    burst, what waits are bursts (Little's law), and losses those of the full queue. A link that
    carries messages alone is full while it sends one; what waits are messages, and latency is how
    long one of a megabyte that came now would take over it. Links of virtual networks are reserved,
    and no more.

    Args:
        clock: the twin's clock.
        network: the twin's network.

    Attributes:
        kind: ``"link"``.
        names: of the links, each way: ``"Bonn > Ulm"``.
    """

    kind = "link"
    _MESSAGE_BYTES = 1e6  # between a prompt and a picture [chosen]

    def __init__(self, clock: Clock, network: Network) -> None:
        self._clock, self._network = clock, network
        wiring = network.world.wiring
        nodes = wiring.node_names
        self.names: Sequence[str] = [f"{nodes[one]} > {nodes[other]}" for one, other in wiring.ends]

    def read(self) -> Mapping[str, Floats]:
        """See :class:`edgesim.twin.core.series.Gauge`."""
        links, of = self._network.links, np.frombuffer
        capacity = of(links.capacity_bps)
        if not links.metered and self._network.has_messages:
            return self._of_messages(capacity)
        if not links.metered:  # reservations alone, whose delay is the propagation
            held = of(links.reserved_bps).copy()
            return {"load": held / capacity, "load_bps": held}
        held, delay_s, loss = (
            of(column).copy() for column in (links.load_bps, links.delay_s, links.loss)
        )
        up = np.array(links.up)
        wiring = links.wiring
        burst_bits = np.array(wiring.burst_s) * np.array(wiring.capacity_bps)
        bursts_hz = held / burst_bits
        stay_s = np.maximum(delay_s - np.array(wiring.propagation_s), 0.0)
        return {
            "load": held / capacity,
            "load_bps": held,
            "queue": bursts_hz * (1.0 - loss) * stay_s,
            "latency_s": np.where(up, delay_s, np.nan),
            "drop_hz": bursts_hz * loss,
        }

    def _of_messages(self, capacity: Floats) -> Mapping[str, Floats]:
        """The figures of links that carry messages alone."""
        links, messages = self._network.links, self._network.messages
        free_s, waiting = messages.backlog()
        now = self._clock._now
        busy = (free_s > now).astype(float)
        pace = np.frombuffer(links.byte_s)
        wait_s = np.maximum(free_s - now, 0.0)
        with np.errstate(invalid="ignore"):
            cross_s = wait_s + self._MESSAGE_BYTES * pace + np.array(links.wiring.fixed_s)
        return {
            "load": busy,
            "load_bps": busy * capacity,
            "queue": waiting,
            "latency_s": np.where(np.isfinite(cross_s), cross_s, np.nan),
        }

    def marks(self) -> Sequence[Marks]:
        """Nothing happens to a link at a single time."""
        return ()
