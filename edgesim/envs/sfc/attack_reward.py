"""What chains under attack pay: their QoE, less what attacks and false alarms cost."""

from typing import Any

from edgesim.envs.sfc.outlook import ChainOutlook
from edgesim.envs.sfc.reward import RewardModel
from edgesim.scenarios.sfc.attack_schema import AttackScenario
from edgesim.twin.sfc.attack_workload import AttackWorkload
from edgesim.twin.sfc.attack_world import AttackWorld
from edgesim.twin.sfc.outcomes import Accepted, Dropped, Released

__all__ = ["PARTS", "AttackRewardModel"]

PARTS = ("qoe", "rejection", "drop", "damage", "false_alarms", "shaping")
"""What a reward is the sum of: the keys of every info."""


class AttackRewardModel(RewardModel):
    """Turns outcomes, and flows that passed or were stopped, into rewards and metrics.

    Args:
        scenario: says what is paid.
        world: the scenario's world.
        kind: ``"paid"``: QoE of a chain at its end, damage and false alarms as they come.
            ``"shaped"``: a chain pays what it is foreseen to (QoE at admission less expected damage
            and false alarms) when it is admitted, and the difference to what came of it later: the
            undiscounted return is the same. ``"foreseen"``, for training: it pays what is foreseen
            alone, and luck is left out; so is what running chains lose to new ones.
            ``"marginal"``, for training: as foreseen, with what a chain is expected to add to the
            QoE of all that run in place of its own, less what it could pay alone
            (:class:`edgesim.envs.sfc.marginal.Marginal`).
    """

    def __init__(self, scenario: AttackScenario, world: AttackWorld, kind: str) -> None:
        self._attacks = world
        self._kept = kind
        super().__init__(scenario, world, "shaped" if kind == "foreseen" else kind)

    def open(self) -> None:
        """Begin an episode."""
        super().open()
        self._expected: dict[int, float] = {}  # what running chains are foreseen to cost
        self._damage = self._stopped = 0.0

    def settle(  # type: ignore[override]  # its own twin
        self, twin: AttackWorkload, outlook: ChainOutlook, *, over: bool
    ) -> tuple[float, dict[str, Any]]:
        """See :class:`edgesim.envs.sfc.reward.RewardModel`."""
        if over:
            twin.inspect()
        foreseen = shaping = costs = 0.0
        for outcome in twin.outcomes:
            if isinstance(outcome, Accepted):
                request = outcome.chain.request
                point = twin.fabric.point[request.number]
                cost = self._expected[request.number] = sum(self._attacks.foreseen(request, point))
                foreseen += outcome.qoe - cost
                shaping -= cost
                costs += cost
            elif isinstance(outcome, Released | Dropped):
                shaping += self._expected.pop(outcome.chain.request.number, 0.0)
        if over:
            shaping += sum(self._expected.values())
            self._expected.clear()
        _, info = super().settle(twin, outlook, over=over)
        damage, stopped = twin.damage - self._damage, twin.stopped - self._stopped
        self._damage, self._stopped = twin.damage, twin.stopped
        self._return -= damage + stopped
        info = {
            **{name: info[name] for name in ("qoe", "rejection", "drop")},
            "damage": -damage,
            "false_alarms": -stopped,
            "shaping": info["shaping"],
        }
        paid = info["qoe"] + info["drop"] - damage - stopped
        if self._kept == "shaped":
            info["shaping"] += shaping
        elif self._kept == "foreseen":
            info["shaping"] = foreseen - paid
        elif self._kept == "marginal":
            info["shaping"] += damage + stopped - costs
        return paid + info["rejection"] + info["shaping"], info

    def metrics(self, twin: AttackWorkload) -> dict[str, float]:  # type: ignore[override]
        """The figures of the episode, see :data:`edgesim.envs.sfc.attack_env.METRICS`."""
        of = super().metrics(twin)
        decided = max(twin.ledger.accepted + twin.ledger.rejected, 1)
        found = twin.found.sum(axis=0)
        attacks, benign = max(int(found[1:].sum()), 1), max(int(found[0].sum()), 1)
        own = {
            "return": self._return,
            "qoe": (self._return + self._damage + self._stopped) / decided,
            "damage": self._damage / decided,
            "false_alarms": self._stopped / decided,
            "detected_share": float(found[1:, 1:].sum()) / attacks,
            "right_type_share": float(found[1:, 1:].trace()) / attacks,
            "false_alarm_share": float(found[0, 1:].sum()) / benign,
            "attack_flows": float(found[1:].sum()),
        }
        return {**own, **{name: value for name, value in of.items() if name not in own}}
