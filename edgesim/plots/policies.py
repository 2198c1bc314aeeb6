"""The colour and the mark that a policy has in every figure: by its place in its problem's list."""

from edgesim.agents.specs import policies_of
from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS
from edgesim.problems import PROBLEMS

__all__ = ["colour_of", "mark_of"]


def colour_of(name: str, kind: str) -> str:
    """Of a policy, by name; of whatever learned, the accent; of a bound, ink.

    Random and policies that no problem names are grey.
    """
    if kind == "agent":
        return ACCENT
    if kind == "bound":
        return INK
    place = _place(name)
    return GREY if place is None else COLOURS[place % len(COLOURS)]


def mark_of(name: str, kind: str) -> str:
    """Of a policy, by name; of whatever learned, a dot; of all others, none."""
    if kind == "agent":
        return MARKS[0]
    place = None if kind == "bound" else _place(name)
    return "" if place is None else MARKS[1 + place % (len(MARKS) - 1)]


def _place(name: str) -> int | None:
    """Where a policy stands among those of the first problem that has it, random left out."""
    for problem in PROBLEMS:
        names = [
            it for it, spec in policies_of(problem).items() if not spec.bound and it != "random"
        ]
        if name in names:
            return names.index(name)
    return None
