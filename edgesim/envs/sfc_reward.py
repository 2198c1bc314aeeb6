"""What the outcomes of an episode of service chains pay: the only place of their rewards."""

from math import inf
from typing import Any

from edgesim.scenarios.sfc import SFCScenario
from edgesim.twin.chain import Request
from edgesim.twin.fabric import World
from edgesim.twin.qoe import qoe_model
from edgesim.twin.sfc import SFCTwin
from edgesim.twin.sfc_outcomes import Accepted, Dropped, Outcome, Rejected, Released

__all__ = ["Paymaster"]


class Paymaster:
    """Turns outcomes into rewards, their parts, and an episode's metrics.

    Both shapings are potential-based (Ng, Harada and Russell 1999), with what the running chains
    are foreseen to pay at their end as potential.

    Args:
        scenario: says what is paid and when.
        world: the scenario's world.
        kind: ``"paid"``: no shaping. ``"shaped"``: a chain is foreseen to pay its QoE at admission,
            so it pays that then, and the difference to what it came to at its end. ``"relative"``:
            what is foreseen also follows what a chain truly gets, as often as the twin looks; and
            each request pays, when it is decided, less what it could pay with the network to
            itself, which no choice changes.
    """

    def __init__(self, scenario: SFCScenario, world: World, kind: str) -> None:
        self._qoe = scenario.qoe
        self._on_release = scenario.qoe.pay_on == "release"
        self._world, self._model = world, qoe_model(scenario.qoe)
        self._kind, self._relative = kind, kind == "relative"
        network = scenario.network
        follows = self._relative and self._on_release and network is not None
        self._look_s = network.qos_period_s if follows and network is not None else inf
        self.open()

    def open(self) -> None:
        """Begin an episode."""
        self._foreseen: dict[int, float] = {}
        self._looked_s = 0.0
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
        for outcome in twin.outcomes:
            self._pay(outcome, info)
        twin.outcomes.clear()
        if over and self._on_release:
            for number, (chain, admitted_s) in twin.running.items():
                info["qoe"] += chain.mean_qoe(admitted_s, twin.clock.now)
                info["shaping"] -= self._foreseen.pop(number)
        elif twin.clock.now >= self._looked_s + self._look_s:
            info["shaping"] += self._look(twin)
        if self._kind == "paid":
            info["shaping"] = 0.0
        paid: float = info["qoe"] + info["rejection"] + info["drop"]
        self._return += paid
        return paid + info["shaping"], info

    def _pay(self, outcome: Outcome, info: dict[str, Any]) -> None:
        """Add to the parts of the reward what an outcome pays."""
        if isinstance(outcome, Accepted):
            self._delay_ms += outcome.qos.delay_ms
            self._loss += outcome.qos.loss
            if self._on_release:
                self._foreseen[outcome.chain.request.number] = outcome.qoe
                info["shaping"] += outcome.qoe
            else:
                info["qoe"] += outcome.qoe
        elif isinstance(outcome, Rejected):
            info["rejection"] += self._qoe.rejected
        elif isinstance(outcome, Released | Dropped):
            if isinstance(outcome, Dropped):
                info["drop"] += self._qoe.dropped
            elif self._on_release:
                info["qoe"] += outcome.qoe
            if self._on_release:
                info["shaping"] -= self._foreseen.pop(outcome.chain.request.number)
        if self._relative and isinstance(outcome, Accepted | Rejected):
            info["shaping"] -= self._alone(outcome.chain.request)

    def _look(self, twin: SFCTwin) -> float:
        """Foresee anew what the running chains pay; returns by how much that changed.

        The QoE at admission for the rest of a chain's life, what it truly got for the part gone.
        """
        now = self._looked_s = twin.clock.now
        foreseen, changed = self._foreseen, 0.0
        for number, (chain, admitted_s) in twin.running.items():
            gone = min((now - admitted_s) / chain.request.holding_s, 1.0)
            qoe = chain.qoe + gone * (chain.mean_qoe(admitted_s, now) - chain.qoe)
            changed += qoe - foreseen[number]
            foreseen[number] = qoe
        return changed

    def _alone(self, request: Request) -> float:
        """What a request could pay with the network to itself."""
        qos = self._world.best_qos(request)
        return self._qoe.rejected if qos is None else self._model(request, qos)

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
