"""What the outcomes of an episode of service chains pay: the only place of their rewards."""

from math import inf
from typing import Any

from edgesim.envs.recovery import Recovery
from edgesim.envs.sfc.marginal import Marginal
from edgesim.envs.sfc.outlook import ChainOutlook
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.sfc.chain import Chain, Request
from edgesim.twin.sfc.fabric import World
from edgesim.twin.sfc.outcomes import Accepted, Dropped, Outcome, Rejected, Released
from edgesim.twin.sfc.qoe import qoe_model
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["PARTS", "PRICE_OF_LOAD", "RewardModel"]

PARTS = ("qoe", "rejection", "drop", "shaping")
"""What a reward is the sum of: the keys of every info."""

PRICE_OF_LOAD = 33.0
"""QoE that a way's whole residual is worth under an offered load of 1, where rewards are priced.

Chosen near the swept :data:`edgesim.agents.sfc.policies.PRICE_OF_ADMISSION`, 30; no sweep of its
own is recorded. At the load of ``sfc``, 0.3, the price is 10."""


class RewardModel:
    """Turns outcomes into rewards, their parts, and an episode's metrics.

    All shapings but the marginal one are potential-based (Ng, Harada and Russell 1999). The
    potential is what the running chains are foreseen to pay at their end, if priced less the price
    of what they hold.

    Args:
        scenario: says what is paid and when.
        world: the scenario's world.
        kind: ``"paid"``: no shaping. ``"shaped"``: a chain is foreseen to pay its QoE at admission,
            so it pays that then, and the difference to what it came to at its end. ``"relative"``:
            what is foreseen also follows what a chain truly gets, as often as the twin looks; and
            each request pays, when it is decided, less what it could pay with the network to
            itself, which no choice changes. ``"priced"``: as relative; and where QoE is paid on
            release, an admitted chain also pays a price of the bandwidth that it takes, and gets it
            back bit by bit over its life, so that what it takes from those to come is told when it
            is chosen. The price is :data:`PRICE_OF_LOAD` times the offered load times the sum over
            its ways of the bandwidth asked for over what the way still held, as was known.
            ``"marginal"``: over a network, where QoE is paid on release, an admitted chain pays at
            once what it is expected to add to the QoE of all, and nothing later
            (:class:`edgesim.envs.sfc.marginal.Marginal`), less what it could pay alone; else as
            relative. That is no shaping of the return: it leaves out failures and what later
            requests lose, which is in their own rewards, and all that is luck.

    Attributes:
        price: price of a whole residual, 0 unless priced.
    """

    def __init__(self, scenario: SFCScenario, world: World, kind: str) -> None:
        self._qoe = scenario.qoe
        self._on_release = scenario.qoe.pay_on == "release"
        self._faults = bool(scenario.faults)
        self._world, self._model = world, qoe_model(scenario.qoe)
        self._kind, self._relative = kind, kind in ("relative", "priced", "marginal")
        self._marginal: Marginal | None = None
        if kind == "marginal" and self._on_release and isinstance(world, SliceWorld):
            self._marginal = Marginal(world)
        self.price = PRICE_OF_LOAD * world.offered_load if kind == "priced" else 0.0
        network = scenario.network
        follows = self._relative and self._on_release and network is not None
        self._look_s = network.qos_period_s if follows and network is not None else inf
        self.open()

    def open(self) -> None:
        """Begin an episode."""
        self._recovery = Recovery() if self._faults else None
        self._foreseen: dict[int, float] = {}
        self._worth = 0.0  # marginal, of what was decided since the last reward
        self._prices: dict[int, float] = {}  # paid at admission for what a chain holds
        self._looked_s = 0.0
        self._return = self._delay_ms = self._loss = 0.0
        self.decisions = 0

    def chosen(self, twin: SFCWorkload) -> None:
        """See what a chain adds that a choice has just had admitted."""
        if self._marginal is None or not twin.outcomes:
            return
        outcome = twin.outcomes[-1]
        if isinstance(outcome, Accepted):
            chain = outcome.chain
            self._worth += self._marginal.worth(twin, chain)

    def settle(
        self, twin: SFCWorkload, outlook: ChainOutlook, *, over: bool
    ) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since the last choice, and its parts.

        ``outlook`` is what lay ahead of the request for which that choice was made.
        Empties the twin's list of outcomes. Where QoE is paid on release, chains that still run
        when the episode is over are paid as if they were released then.
        """
        info = {"qoe": 0.0, "rejection": 0.0, "drop": 0.0, "shaping": 0.0}  # the keys are PARTS
        for outcome in twin.outcomes:
            self._pay(outcome, outlook, info)
        twin.outcomes.clear()
        if over and self._on_release:
            for number, (chain, admitted_s) in twin.running.items():
                info["qoe"] += chain.mean_qoe(admitted_s, twin.clock.now)
                info["shaping"] -= self._foreseen.pop(number)
        elif twin.clock.now >= self._looked_s + self._look_s:
            info["shaping"] += self._look(twin)
        if self._kind == "paid":
            info["shaping"] = 0.0
        elif self._marginal is not None:
            info["shaping"] = self._worth - info["qoe"] - info["drop"]
            self._worth = 0.0
        paid: float = info["qoe"] + info["rejection"] + info["drop"]
        self._return += paid
        return paid + info["shaping"], info

    def _pay(self, outcome: Outcome, outlook: ChainOutlook, info: dict[str, Any]) -> None:
        """Add to the parts of the reward what an outcome pays."""
        if self._recovery is not None and isinstance(outcome, Accepted | Rejected | Dropped):
            request, lost = outcome.chain.request, isinstance(outcome, Dropped)
            well = isinstance(outcome, Accepted)
            self._recovery.ended(request.number, request.arrival_s, well=well, lost=lost)
        if isinstance(outcome, Accepted):
            self._delay_ms += outcome.qos.delay_ms
            self._loss += outcome.qos.loss
            if self._on_release:
                number, price = outcome.chain.request.number, 0.0
                if self.price:
                    price = self._prices[number] = self.price * _taken(outcome.chain, outlook)
                self._foreseen[number] = outcome.qoe - price
                info["shaping"] += outcome.qoe - price
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
            alone = self._alone(outcome.chain.request)
            info["shaping"] -= alone
            self._worth -= alone

    def _look(self, twin: SFCWorkload) -> float:
        """Foresee anew what the running chains pay; returns by how much that changed.

        The QoE at admission for the rest of a chain's life, what it truly got for the part gone.
        """
        now = self._looked_s = twin.clock.now
        foreseen, prices, changed = self._foreseen, self._prices, 0.0
        for number, (chain, admitted_s) in twin.running.items():
            gone = min((now - admitted_s) / chain.request.holding_s, 1.0)
            qoe = chain.qoe + gone * (chain.mean_qoe(admitted_s, now) - chain.qoe)
            qoe -= (1.0 - gone) * prices.get(number, 0.0)
            changed += qoe - foreseen[number]
            foreseen[number] = qoe
        return changed

    def _alone(self, request: Request) -> float:
        """What a request could pay with the network to itself."""
        qos = self._world.best_qos(request)
        return self._qoe.rejected if qos is None else self._model(request, qos)

    def metrics(self, twin: SFCWorkload) -> dict[str, float]:
        """The figures of the episode, see :data:`edgesim.envs.sfc.env.METRICS`.

        The return is that of the rewards as paid, without shaping. Means over chains are 0 where
        none was admitted.
        """
        ledger = twin.ledger
        decided = max(ledger.accepted + ledger.rejected, 1)
        accepted = max(ledger.accepted, 1)
        messages, size = twin.fabric.southbound()
        found = {
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
        if self._recovery is not None and twin.faults is not None:
            found |= self._recovery.metrics(twin.faults.began_s, twin.clock.now)
        return found


def _taken(chain: Chain, outlook: ChainOutlook) -> float:
    """Sum over a chain's ways of the bandwidth asked for over what the way held."""
    taken, previous = 0.0, 0
    for stage, choice in enumerate(chain.choices):
        taken += outlook.price.item(stage, previous, choice)
        previous = choice
    return taken
