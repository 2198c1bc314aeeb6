"""The colour and the mark that a policy of service chains has in every figure."""

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS

__all__ = ["colour_of", "mark_of"]

_OF = {
    "bound": INK,
    "greedy": COLOURS[1],
    "load_aware": COLOURS[0],
    "load_aware_admission": COLOURS[2],
    "random": GREY,
    "shortest_delay": COLOURS[4],
    "violent": COLOURS[3],
}

_MARKS = {
    "greedy": MARKS[1],
    "load_aware": MARKS[2],
    "load_aware_admission": MARKS[3],
    "shortest_delay": MARKS[4],
    "violent": MARKS[5],
}


def colour_of(name: str, kind: str) -> str:
    """Of a policy by name; of whatever learned, the accent."""
    return ACCENT if kind == "agent" else _OF.get(name, GREY)


def mark_of(name: str, kind: str) -> str:
    """Of a policy by name; of whatever learned, a dot; of all others, none."""
    return MARKS[0] if kind == "agent" else _MARKS.get(name, "")
