"""What the outcomes of an episode of virtual networks pay: the only place of their rewards."""

from typing import Any

from edgesim.envs.recovery import Recovery
from edgesim.twin.vne.outcomes import Accepted, Dropped, Rejected
from edgesim.twin.vne.request import Embedding
from edgesim.twin.vne.workload import VNEWorkload

__all__ = ["PARTS", "RewardModel"]

PARTS = ("accepted", "shaping")
"""What a reward is the sum of: the keys of every info."""


class RewardModel:
    """Turns outcomes into rewards, their parts, and an episode's metrics.

    An accepted virtual network (VN) pays 1, so that the return over the VNs that arrived is the
    request acceptance ratio (RAC).

    Args:
        kind: ``"paid"``: no shaping. ``"shaped"``: each node that gets a host pays its share of 1
            at once, and gives it back when the VN is accepted or rejected: potential-based (Ng,
            Harada and Russell 1999), the potential being the share of the VN at hand that is
            placed.
        faults: whether something fails by chance.
    """

    def __init__(self, kind: str, *, faults: bool = False) -> None:
        self._faults = faults
        self._shaped = kind == "shaped"
        self.open()

    def open(self) -> None:
        """Begin an episode."""
        self._recovery = Recovery() if self._faults else None
        self._return = self._potential = 0.0
        self._revenue = self._cost = 0.0  # of the accepted, times their lifetimes
        self.declined = self.decisions = 0

    def settle(self, twin: VNEWorkload) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since the last choice, and its parts.

        Empties the twin's list of outcomes.
        """
        paid = 0.0
        for outcome in twin.outcomes:
            if self._recovery is not None and isinstance(outcome, Accepted | Rejected | Dropped):
                request, lost = outcome.embedding.request, isinstance(outcome, Dropped)
                well = isinstance(outcome, Accepted)
                self._recovery.ended(request.number, request.arrival_s, well=well, lost=lost)
            if isinstance(outcome, Accepted):
                paid += 1.0
                self._add(outcome.embedding)
            elif isinstance(outcome, Rejected) and outcome.reason == "declined":
                self.declined += 1
        twin.outcomes.clear()
        shaping = 0.0
        if self._shaped:
            at_hand = twin.request
            placed = 0.0 if at_hand is None else twin.embedding.placed / at_hand.nodes
            shaping, self._potential = placed - self._potential, placed
        self._return += paid
        return paid + shaping, {"accepted": paid, "shaping": shaping}

    def _add(self, embedding: Embedding) -> None:
        """Count what an accepted VN brings and takes, as virne does: CPU units and Mbit/s alike."""
        request = embedding.request
        cpu = sum(request.cpu)
        self._revenue += (cpu + request.bandwidth_bps / 1e6) * request.lifetime_s
        self._cost += (cpu + embedding.hop_bps / 1e6) * request.lifetime_s

    def metrics(self, twin: VNEWorkload) -> dict[str, float]:
        """The figures of the episode, see :data:`edgesim.envs.vne.env.METRICS`."""
        ledger = twin.ledger
        found = {
            "return": self._return,
            "rac": ledger.accepted / max(ledger.arrived, 1),
            "lrc": self._revenue / self._cost if self._cost else 0.0,
            "lar": self._revenue / max(twin.last.arrival_s, 1.0),
            "accepted": float(ledger.accepted),
            "arrived": float(ledger.arrived),
            "declined": float(self.declined),
            "dropped": float(ledger.dropped),
            "decisions": float(self.decisions),
        }
        if self._recovery is not None and twin.faults is not None:
            found |= self._recovery.metrics(twin.faults.began_s, twin.clock.now)
        return found
