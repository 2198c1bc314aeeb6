"""Messages that pass network functions on their way: NAT, firewall, intrusion detection."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from edgesim.twin.compute.hosts import VNFHosts
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.layered import to_go
from edgesim.twin.network.network import Network

__all__ = ["ServiceChain"]


class ServiceChain:
    """Leads messages through one instance of each VNF of a chain.

    Of the instances those are taken that make the way the shortest on an idle network. An instance
    takes a message in as a whole and gives it on after its processing delay and the time that the
    message's bytes take at the capacity that chains have not reserved of it.

    Args:
        clock: the twin's clock.
        network: carries the messages from node to node.
        hosts: the instances.
        chain: the VNFs, by their place among the types of instances.
    """

    def __init__(
        self, clock: Clock, network: Network, hosts: VNFHosts, chain: Sequence[int]
    ) -> None:
        self._clock = clock
        self._network = network
        self._hosts = hosts
        self._stages = [hosts.placement.of_type[vnf] for vnf in chain]
        self._ways: dict[tuple[int, int], list[int]] = {}

    def send(
        self,
        size_bytes: float,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any = None,
    ) -> None:
        """Send a message through the chain, otherwise as :meth:`Network.send` does."""
        self._go_on(_Passage(size_bytes, source, target, done, value, self.way(source, target)))

    def way(self, source: int, target: int) -> list[int]:
        """The instances that messages from one node to another pass."""
        if (source, target) not in self._ways:
            self._ways[source, target] = self._shortest(source, target)
        return self._ways[source, target]

    def _shortest(self, source: int, target: int) -> list[int]:
        routes, node = self._network.world.message_routes, self._hosts.placement.node
        width = max(map(len, self._stages))
        layers = [[source], *([node[i] for i in stage] for stage in self._stages), [target]]
        cost = np.full((len(layers) - 1, width, width), np.inf)
        for stage, (before, after) in enumerate(pairwise(layers)):
            for i, one in enumerate(before):
                for j, other in enumerate(after):
                    cost[stage, i, j] = routes.delay_s(one, other, routes.route_bytes)
        left = to_go(cost)
        place, taken = 0, []
        for stage, instances in enumerate(self._stages):
            total = cost[stage, place] + left[stage]
            place = int(np.argmin(total))
            taken.append(instances[place])
        return taken

    def _go_on(self, passage: "_Passage") -> None:
        """Send a message on to the next instance, or to where it goes."""
        if passage.passed < len(passage.way):
            node = self._hosts.placement.node[passage.way[passage.passed]]
            self._network.send(passage.size_bytes, passage.at, node, self._process, passage)
            passage.at = node
        else:
            self._network.send(
                passage.size_bytes, passage.at, passage.target, passage.done, passage.value
            )

    def _process(self, passage: "_Passage") -> None:
        """A message has reached an instance."""
        instance = passage.way[passage.passed]
        passage.passed += 1
        self._clock.after(
            self._hosts.message_s(instance, passage.size_bytes), self._processed, passage
        )

    def _processed(self, moment: Moment) -> None:
        self._go_on(moment.value)


class _Passage:
    """A message on its way through a chain."""

    __slots__ = ("at", "done", "passed", "size_bytes", "target", "value", "way")

    def __init__(
        self,
        size_bytes: float,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any,
        way: list[int],
    ) -> None:
        self.size_bytes = size_bytes
        self.at = source
        self.target = target
        self.done = done
        self.value = value
        self.way = way
        self.passed = 0  # instances
