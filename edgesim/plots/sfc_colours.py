"""The colour that a policy of service chains has in every figure."""

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK

__all__ = ["colour_of"]

_OF = {
    "bound": INK,
    "greedy": COLOURS[1],
    "load_aware": COLOURS[0],
    "load_aware_admission": COLOURS[2],
    "random": GREY,
    "shortest_delay": COLOURS[4],
    "violent": COLOURS[3],
}


def colour_of(name: str, kind: str) -> str:
    """Of a policy by name; of whatever learned, the accent."""
    return ACCENT if kind == "agent" else _OF.get(name, GREY)
