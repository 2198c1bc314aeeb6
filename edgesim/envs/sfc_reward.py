"""What the outcomes of an episode of service chains pay: the only place of their rewards."""

from typing import Any

from edgesim.scenarios.sfc import SFCScenario
from edgesim.twin.sfc import SFCTwin
from edgesim.twin.sfc_outcomes import Accepted, Dropped, Outcome, Rejected, Released

__all__ = ["Paymaster"]


class Paymaster:
    """Turns outcomes into rewards, their parts, and an episode's metrics.

    Args:
        scenario: says what is paid and when.
        shaped: pay a chain's QoE as it stands at admission then, and the difference to what it
            came to at its end (potential-based shaping with the QoE at admission of the running
            chains as potential; the undiscounted return of an episode is unchanged).
    """

    def __init__(self, scenario: SFCScenario, *, shaped: bool) -> None:
        self._qoe = scenario.qoe
        self._on_release = scenario.qoe.pay_on == "release"
        # A QoE paid on admission is not delayed: there is nothing to shape.
        self._shaped = shaped and self._on_release
        self.open()

    def open(self) -> None:
        """Begin an episode."""
        self._return = self._delay_ms = self._loss = 0.0
        self.decisions = 0

    def nothing(self) -> dict[str, Any]:
        """All parts of the reward at nought: the info of a reset, and of most steps."""
        return {"qoe": 0.0, "rejection": 0.0, "drop": 0.0, "shaping": 0.0}

    def settle(self, twin: SFCTwin, *, over: bool) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since the last choice, and its parts.

        Empties the twin's list of outcomes. Where QoE is paid on release, chains that still run
        when the episode is over are paid as if they were released then.
        """
        info = self.nothing()
        outcomes: list[Outcome] = twin.outcomes
        for outcome in outcomes:
            if isinstance(outcome, Accepted):
                self._delay_ms += outcome.qos.delay_ms
                self._loss += outcome.qos.loss
                if self._on_release:
                    info["shaping"] += outcome.qoe
                else:
                    info["qoe"] += outcome.qoe
            elif isinstance(outcome, Rejected):
                info["rejection"] += self._qoe.rejected
            elif isinstance(outcome, Released):
                if self._on_release:
                    info["qoe"] += outcome.qoe
                    info["shaping"] -= outcome.chain.qoe
            elif isinstance(outcome, Dropped):
                info["drop"] += self._qoe.dropped
                if self._on_release:
                    info["shaping"] -= outcome.chain.qoe
        outcomes.clear()
        if over and self._on_release:
            for chain, admitted_s in twin.running.values():
                info["qoe"] += chain.mean_qoe(admitted_s, twin.clock.now)
                info["shaping"] -= chain.qoe
        if not self._shaped:
            info["shaping"] = 0.0
        paid: float = info["qoe"] + info["rejection"] + info["drop"]
        self._return += paid
        return paid + info["shaping"], info

    def metrics(self, twin: SFCTwin) -> dict[str, float]:
        """The figures of the episode, see :data:`edgesim.envs.sfc.METRICS`.

        The return is that of the rewards as paid, without shaping. Means over chains are 0 where
        none was admitted.
        """
        ledger = twin.ledger
        decided = max(ledger.accepted + ledger.rejected, 1)
        accepted = max(ledger.accepted, 1)
        messages, size = twin.fabric.southbound()
        return {
            "return": self._return,
            "qoe": self._return / decided,
            "rejected": ledger.rejected / decided,
            "dropped": ledger.dropped / accepted,
            "rerouted": float(ledger.rerouted),
            "delay_ms": self._delay_ms / accepted,
            "loss": self._loss / accepted,
            "accepted": float(ledger.accepted),
            "southbound_messages": float(messages),
            "southbound_bytes": float(size),
            "decisions": float(self.decisions),
        }
