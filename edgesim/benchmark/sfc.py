"""Networks of service chains of many sizes."""

from edgesim.benchmark.measures import of_twin
from edgesim.benchmark.points import Point

__all__ = ["sizes"]

NODES = (10, 20, 50, 100, 200, 500, 1000)


def sizes() -> list[Point]:
    """The preset ``sfc`` by number of nodes."""
    found = []
    for count in NODES:
        side_km = 600.0 * (count / 50) ** 0.5  # as many nodes an area as the preset's network
        drawn = {"source": "gabriel", "nodes": count, "side_km": side_km}
        network = {"topology": drawn, "instances": {"hosts": min(15, count)}}
        measure = of_twin("sfc", {"network": network})
        found.append(Point("sizes", "sfc", measure, "nodes", count, "simpy"))
    return found
