"""Where the nodes of a world are, for a map of its failures."""

from typing import Any

__all__ = ["places_of"]


def places_of(world: Any) -> dict[str, Any] | None:
    """The map of a world with a network: what JSON can hold.

    Args:
        world: of any family.

    Returns:
        ``nodes``: (name, x, y) of each; ``edges``: the numbers of the nodes at the ends of each;
        ``positions``: ``"lonlat"`` (degrees), ``"km"`` or ``"layout"``. None where there is no
        network, or a node has no place.
    """
    graph = _graph(world)
    if graph is None:
        return None
    nodes = []
    for node, data in graph.nodes(data=True):
        x, y = data.get("x", data.get("x_m")), data.get("y", data.get("y_m"))
        if x is None or y is None:
            return None
        scale = 1.0 if "x" in data else 1e-3
        nodes.append([str(data.get("name", node)), scale * float(x), scale * float(y)])
    edges = [[int(one), int(other)] for one, other in graph.edges]
    return {"nodes": nodes, "edges": edges, "positions": graph.graph.get("positions", "km")}


def _graph(world: Any) -> Any:
    elements = getattr(world, "elements", {})
    if "link" not in elements:
        return None
    for holder in (world, getattr(world, "network", None)):
        wiring = getattr(holder, "wiring", None)
        if wiring is not None:
            return wiring.graph
    return getattr(world, "map", None)
