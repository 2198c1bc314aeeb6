"""Which classes are rare, and how many flows each should have."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from edgesim.services.detectors.flows import Flows
from edgesim.services.detectors.metrics import imbalance_ratio

__all__ = ["Scarcity", "class_weights", "largest", "scarcity", "targets"]

Scarcity = Literal["ample", "scarce", "rare"]


def class_weights(flows: Flows) -> npt.NDArray[np.float64]:
    """Weights that make all classes count alike, flows / (classes x flows of the class)."""
    support = np.maximum(flows.support, 1)
    return len(flows) / (len(support) * support)


def scarcity(
    flows: Flows, scarce_above: float | None = None, rare_above: float | None = None
) -> tuple[Scarcity, ...]:
    """Ample, scarce or rare: how often the largest class is larger (arXiv 2306.03707, IR_i).

    The authors set the borders by hand.

    Args:
        flows: to train with.
        scarce_above: a class is not ample any more above this imbalance; None: 40.
        rare_above: it is rare above this; None: 500.
    """
    scarce_above = 40.0 if scarce_above is None else scarce_above
    rare_above = 500.0 if rare_above is None else rare_above
    return tuple(
        "rare" if ratio > rare_above else "scarce" if ratio > scarce_above else "ample"
        for ratio in imbalance_ratio(flows.support).tolist()
    )


def targets(flows: Flows, kinds: tuple[Scarcity, ...]) -> dict[int, int]:
    """What the paper raises each class to: scarce ones to the smallest ample class, rare ones to
    the smallest scarce class (as it was).
    """
    support = flows.support.tolist()

    def least(of: Scarcity) -> int | None:
        sizes = [size for size, kind in zip(support, kinds, strict=True) if kind == of]
        return min(sizes, default=None)

    ample, scarce = least("ample"), least("scarce")
    wanted: dict[int, int] = {}
    for number, kind in enumerate(kinds):
        goal = {"ample": None, "scarce": ample, "rare": scarce if scarce is not None else ample}
        target = goal[kind]
        if target is not None and support[number] and target > support[number]:
            wanted[number] = target
    return wanted


def largest(flows: Flows) -> dict[int, int]:
    """Every class raised to the largest."""
    support = flows.support.tolist()
    most = max(support)
    return {number: most for number, size in enumerate(support) if 0 < size < most}
