"""Experiments: a method's rounds on the twin, and how good the model is after each of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.method import Method
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.workload import FederatedWorkload

__all__ = ["METRICS", "Curve", "area", "experiment"]

MB = 1e6

METRICS: dict[str, str] = {
    "return": "area under accuracy over the time budget, over the budget: a mean accuracy",
    "accuracy": "of the last model, on the test images",
    "rounds": "rounds made",
    "seconds": "when the last round was over, s",
    "edge_mb": "MB over the devices' links, both ways",
    "edge_up_mb": "MB of them towards the cloud",
    "wan_mb": "MB over the factories' links, both ways",
    "wan_up_mb": "MB of them towards the cloud",
    "server_mb": "MB over the cloud's own link, both ways",
    "dropped": "parts of rounds that failures took away",
}
"""What a row of an experiment or an episode has. Rows of methods also have ``rounds_to_target``,
``seconds_to_target`` and ``server_mb_to_target``, until the scenario's target accuracy, and
``divergence``, of the labels of devices that train together to everybody's; None where the target
was never reached, or the method does not group devices."""


@dataclass
class Curve:
    """A model over an experiment; the first entry of each list is before the first round.

    Attributes:
        accuracy: on the test images.
        time_s: when the model was there, s.
        edge_mb: over the devices' links until then, towards them and from them.
        wan_mb: over the factories' links.
        server_mb: over the cloud's own link.
        divergence: as of :class:`~edgesim.methods.federated.method.Method`.
        dropped: parts that failures took away.
    """

    accuracy: list[float] = field(default_factory=list)
    time_s: list[float] = field(default_factory=list)
    edge_mb: list[tuple[float, float]] = field(default_factory=list)
    wan_mb: list[tuple[float, float]] = field(default_factory=list)
    server_mb: list[tuple[float, float]] = field(default_factory=list)
    divergence: list[float] = field(default_factory=list)
    dropped: int = 0

    @classmethod
    def begun(cls, accuracy: float) -> "Curve":
        """A curve before the first round, of a model with some accuracy."""
        return cls([accuracy], [0.0], [(0.0, 0.0)], [(0.0, 0.0)], [(0.0, 0.0)])

    def add(self, over: RoundOver, accuracy: float) -> None:
        """A round is over, and the model has some accuracy."""
        self.accuracy.append(accuracy)
        self.time_s.append(over.time_s)
        self.edge_mb.append(_more(self.edge_mb[-1], over.edge_bytes))
        self.wan_mb.append(_more(self.wan_mb[-1], over.wan_bytes))
        self.server_mb.append(_more(self.server_mb[-1], over.server_bytes))
        self.dropped += len(over.failed)

    def first(self, target: float) -> int | None:
        """The round after which the accuracy was ``target``, counted from 1; None: never."""
        reached = np.flatnonzero(np.array(self.accuracy) >= target)
        return int(reached[0]) if len(reached) else None

    def row(self, seed: int, budget_s: float, target: float) -> dict[str, Any]:
        """The row of an experiment, see :data:`METRICS`."""
        at = self.first(target)
        return {
            "seed": seed,
            "return": area(self.time_s, self.accuracy, budget_s),
            "accuracy": self.accuracy[-1],
            "rounds": float(len(self.accuracy) - 1),
            "seconds": self.time_s[-1],
            "rounds_to_target": None if at is None else float(at),
            "seconds_to_target": None if at is None else self.time_s[at],
            "server_mb_to_target": None if at is None else sum(self.server_mb[at]),
            "edge_mb": sum(self.edge_mb[-1]),
            "edge_up_mb": self.edge_mb[-1][1],
            "wan_mb": sum(self.wan_mb[-1]),
            "wan_up_mb": self.wan_mb[-1][1],
            "server_mb": sum(self.server_mb[-1]),
            "dropped": float(self.dropped),
            "divergence": float(np.mean(self.divergence)) if self.divergence else None,
        }


def area(time_s: Sequence[float], accuracy: Sequence[float], budget_s: float) -> float:
    """Mean accuracy over ``budget_s``: each value holds until the next, the last to the end."""
    times = np.minimum(np.array([*time_s, budget_s]), budget_s)
    return float(np.diff(times) @ np.array(accuracy) / budget_s)


def experiment(
    learning: Learning,
    method: Method,
    seed: np.random.SeedSequence,
    *,
    rounds: int | None = None,
    told: Callable[[int], None] | None = None,
    record: bool = False,
) -> tuple[Curve, FederatedWorkload]:
    """Run a method's rounds.

    Args:
        learning: model and data.
        method: what trains them.
        seed: of what happens in the twin.
        rounds: how many; those of the scenario where None is given.
        told: called with the number of rounds made after each.
        record: keep the twin's event log.

    Raises:
        InputError: the model diverges.
    """
    twin = FederatedWorkload.alone(
        learning.scenario, seed, world=learning.world, rounds=rounds, record=record
    )
    curve = Curve.begun(learning.accuracy(method.row))
    while (round_ := twin.next_decision()) is not None:
        learning.streams.begin_round(round_.number)
        twin.decide(method.plan(round_.number))
        twin.next_decision()
        over = twin.ledger.rounds[-1]
        method.learn(over)
        method.check_finite()
        curve.add(over, learning.accuracy(method.row))
        if told is not None:
            told(round_.number + 1)
    curve.divergence = method.divergence
    return curve, twin


def _more(before: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    return before[0] + size[0] / MB, before[1] + size[1] / MB
