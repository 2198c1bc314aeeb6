"""Hyperparameters that move in a straight line while an agent learns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["NATIVE", "Linear", "linear"]

NATIVE = ("learning_rate", "clip_range", "clip_range_vf")
"""Hyperparameters that stable-baselines3 takes as a function of the remaining progress. All others
are set on the model before every rollout by
:class:`edgesim.agents.learning.callbacks.Coefficients`."""


@dataclass(frozen=True)
class Linear:
    """A value that goes from ``start`` to ``end`` in a straight line.

    A class, and not a closure, so that a saved model can be loaded without running foreign code.
    """

    start: float
    end: float

    def __call__(self, remaining: float) -> float:
        """The value while a share ``remaining`` of the training, from 1 down to 0, lies ahead."""
        return self.end + (self.start - self.end) * min(max(remaining, 0.0), 1.0)


def linear(
    schedules: Mapping[str, Sequence[float]],
) -> tuple[dict[str, Any], dict[str, Linear]]:
    """What an algorithm is constructed with, and what is set as it learns.

    Args:
        schedules: hyperparameter to [from, to].

    Returns:
        keyword arguments of the algorithm, and the schedules of those hyperparameters that are not
        in :data:`NATIVE`: they are constructed with their first value.
    """
    lines = {key: Linear(float(ends[0]), float(ends[1])) for key, ends in schedules.items()}
    moved = {key: line for key, line in lines.items() if key not in NATIVE}
    arguments = {key: line if key in NATIVE else line.start for key, line in lines.items()}
    return arguments, moved
