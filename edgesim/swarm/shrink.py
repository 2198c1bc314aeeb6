"""A case that fails, made as small as it goes while it fails in the same way."""

from collections.abc import Collection
from typing import NamedTuple

from edgesim.errors import InputError
from edgesim.swarm.case import draw
from edgesim.swarm.checks import Played, play

__all__ = ["Shrunk", "shrink"]

_TRIES = 60


class Shrunk(NamedTuple):
    """The smallest case that was found.

    Attributes:
        without: parts that it does without.
        steps: decisions until it fails.
        played: what came of it.
    """

    without: tuple[str, ...]
    steps: int
    played: Played


def shrink(
    number: int, problems: Collection[str], without: Collection[str], played: Played
) -> Shrunk:
    """Leave out parts of a case, one after the other, as long as it fails in the same way.

    Args:
        number: the case.
        problems: those that it was drawn from.
        without: parts that it does without already.
        played: how it failed.
    """
    best = Shrunk(tuple(without), max(played.decisions, 1), played)
    tries, again = 0, True
    while again and tries < _TRIES:
        again = False
        for part in draw(number, problems, best.without).parts:
            tries += 1
            smaller = (*best.without, part)
            try:
                found = play(draw(number, problems, smaller), best.steps)
            except InputError:
                continue  # the rest does not go without it
            if found.kind == played.kind:
                best = Shrunk(smaller, max(found.decisions, 1), found)
                again = True
            if tries >= _TRIES:
                break
    return best
