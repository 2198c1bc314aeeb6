"""What rounds pay: the only place of the rewards of federated learning."""

from typing import Any

from edgesim.methods.federated.experiment import METRICS, Curve
from edgesim.twin.federated.outcomes import RoundOver

__all__ = ["PARTS", "RewardModel"]

PARTS = ("gained", "shaping")
"""What a reward is the sum of: the keys of every info."""


class RewardModel:
    """Accuracy gained, times the share of the time budget that is left when it is.

    The sum over an episode is the area under accuracy over time, over the budget: accuracy ``a_i``
    that is there from ``t_i`` on counts ``(a_i - a_(i-1)) (1 - t_i / B)``. The accuracy of the
    first model is paid with the first reward.

    Args:
        kind: ``"paid"`` or ``"shaped"``. A shaped reward pays the accuracy in full at once and
            takes back what time has cost of it with the last: the potential is the accuracy lost to
            time so far.
        budget_s: B.
    """

    def __init__(self, kind: str, budget_s: float) -> None:
        self._shaped, self._budget_s = kind == "shaped", budget_s

    def open(self, accuracy: float) -> None:
        """Begin an episode with a model of some accuracy."""
        self.curve = Curve.begun(accuracy)
        self._unpaid = accuracy
        self._potential = self._lent = 0.0

    def add(self, over: RoundOver, accuracy: float) -> None:
        """A round is over, and the model has some accuracy."""
        curve = self.curve
        left = max(0.0, 1 - over.time_s / self._budget_s)
        gained = accuracy - curve.accuracy[-1]
        self._unpaid += gained * left
        if self._shaped:
            self._potential += gained * (1 - left)
        curve.add(over, accuracy)

    def settle(self, *, over: bool) -> tuple[float, dict[str, Any]]:
        """What has not been paid yet, and its parts."""
        paid, self._unpaid = self._unpaid, 0.0
        shaping, self._potential = self._potential, 0.0
        self._lent += shaping
        if over:
            shaping -= self._lent
            self._lent = 0.0
        return paid + shaping, {"gained": paid, "shaping": shaping}

    def metrics(self) -> dict[str, float]:
        """The figures of the episode, see :data:`METRICS`."""
        row = self.curve.row(0, self._budget_s, 1.0)
        return {key: float(row[key]) for key in METRICS}
