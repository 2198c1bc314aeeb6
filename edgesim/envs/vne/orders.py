"""In which order the nodes of a virtual network are given hosts."""

from collections.abc import Callable

from edgesim.twin.vne.request import VirtualNetwork

__all__ = ["ORDERS", "demand", "demands", "outwards"]


def demand(request: VirtualNetwork, node: int) -> float:
    """What a virtual node asks for: CPU times the bandwidth of its links, in units and bit/s."""
    links = request.links
    return request.cpu[node] * sum(links[index].bandwidth_bps for _, index in request.beside[node])


def demands(request: VirtualNetwork) -> list[int]:
    """The nodes from the most demanding to the least; of equals the first."""
    return sorted(range(request.nodes), key=lambda node: -demand(request, node))


def outwards(request: VirtualNetwork, first: int | None = None) -> list[int]:
    """From one node outwards, by default the most demanding.

    The next node is the one joined to those before it by the most bandwidth; of equals the more
    demanding, then the first.
    """
    asks = [demand(request, node) for node in range(request.nodes)]
    joined_bps = [-1.0] * request.nodes  # by links to those in the order; below 0: by none
    if first is not None:
        joined_bps[first] = float("inf")
    left = set(range(request.nodes))
    order: list[int] = []
    while left:
        node = max(left, key=lambda node: (joined_bps[node], asks[node], -node))
        left.remove(node)
        order.append(node)
        for other, index in request.beside[node]:
            joined_bps[other] = max(joined_bps[other], 0.0) + request.links[index].bandwidth_bps
    return order


ORDERS: dict[str, Callable[[VirtualNetwork], list[int]]] = {
    "outwards": outwards,
    "demand": demands,
    "given": lambda request: list(range(request.nodes)),
}
"""The orders by name."""
