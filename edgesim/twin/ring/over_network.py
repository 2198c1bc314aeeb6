"""A ring whose activations are messages over the twin's one network, where others send too."""

from collections.abc import Generator, Sequence
from typing import Any

from simpy import Event

from edgesim.twin.core.clock import Clock
from edgesim.twin.network.network import Network
from edgesim.twin.ring.live import Hop

__all__ = ["network_hop"]


def network_hop(
    clock: Clock, network: Network, nodes: Sequence[int], activation_bytes: float
) -> Hop:
    """How an activation goes on, as :class:`edgesim.twin.ring.live.LiveRing` takes it.

    Args:
        clock: the twin's clock.
        network: the twin's network.
        nodes: the node of each station, in ring order; the last sends to the first.
        activation_bytes: of one token; a batch carries as many.
    """

    def hop(index: int, batch: float) -> Generator[Event, Any, None]:
        arrived = clock.event()
        source, target = nodes[index], nodes[(index + 1) % len(nodes)]

        def there(_: Any) -> None:
            arrived.succeed()

        network.send(batch * activation_bytes, source, target, there)
        yield arrived

    return hop
