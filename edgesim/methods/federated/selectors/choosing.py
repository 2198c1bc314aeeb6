"""Selectors by name: of candidates' label counts, those that train next."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError, did_you_mean
from edgesim.methods.federated.selectors.balance import distance
from edgesim.methods.federated.selectors.gbp_cs import gbp_cs
from edgesim.methods.federated.selectors.greedy import greedy, greedy_swap
from edgesim.methods.federated.selectors.milp import milp

__all__ = ["SELECTORS", "Selector", "selector"]

Floats = NDArray[np.float64]
Selector = Callable[[Floats, Floats, int, np.random.Generator], list[int]]
"""Called with counts (classes x candidates), wanted counts, how many, and dice."""

_DRAWS = 100  # of the probability selector, as in the published code


def random(A: Floats, y: Floats, L_select: int, rng: np.random.Generator) -> list[int]:
    """Any of them, anew each time."""
    return [int(k) for k in rng.permutation(A.shape[1])[:L_select]]


def probability(A: Floats, y: Floats, L_select: int, rng: np.random.Generator) -> list[int]:
    """The best of 100 draws; who was in the best so far is likelier to be drawn again."""
    candidates = A.shape[1]
    chances = np.full(candidates, 1 / candidates)
    best, least = random(A, y, L_select, rng), np.inf
    for _ in range(_DRAWS):
        drawn = rng.choice(candidates, L_select, replace=False, p=chances)
        if (found := distance(A, y, drawn)) < least:
            best, least = [int(k) for k in drawn], found
            chances[drawn] += 1 / candidates
            chances /= chances.sum()
    return best


SELECTORS: dict[str, Selector] = {
    "random": random,
    "random_round": random,
    "probability": probability,
    "gbp_cs": lambda A, y, count, rng: gbp_cs(A, y, count).chosen,
    "greedy": lambda A, y, count, rng: greedy(A, y, count),
    "greedy_swap": lambda A, y, count, rng: greedy_swap(A, y, count),
    "milp": lambda A, y, count, rng: milp(A, y, count),
}
"""``random_round`` is the authors' way: the same devices in all steps of a round, in every factory,
because their dice are seeded by the round alone."""


def selector(name: str) -> Any:
    """The selector of a name.

    Raises:
        InputError: there is none.
    """
    if name not in SELECTORS:
        raise InputError("selector", name, did_you_mean(name, SELECTORS))
    return SELECTORS[name]
