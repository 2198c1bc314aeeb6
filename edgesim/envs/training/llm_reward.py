"""What a large model's training pays: the only place of its rewards."""

from typing import Any

from edgesim.twin.training.llm.workload import LLMJob
from edgesim.twin.training.llm.world import LLMWorld

__all__ = ["PARTS", "RewardModel"]

PARTS = ("time", "shaping")
"""What a reward is the sum of: the keys of every info."""

_HOUR_S = 3600.0


class RewardModel:
    """Turns passed time into rewards, and an episode into metrics.

    Args:
        world: the world.
        kind: ``"paid"``: less the hours that have passed. ``"shaped"``: progress also pays the
            hours that it would have taken at the first setting's speed on samples of full worth,
            potential-based (Ng, Harada and Russell 1999).
    """

    def __init__(self, world: LLMWorld, kind: str) -> None:
        self._shaped = kind == "shaped"
        speed = world.speeds(world.scenario.accelerators.nodes)[world.first]
        self._whole_h = world.scenario.job.useful_sequences / speed / _HOUR_S
        self.open()

    def open(self) -> None:
        """Begin an episode."""
        self._passed_s = self._potential = 0.0

    def settle(self, twin: LLMJob, *, over: bool) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since the last choice, and its parts."""
        now = twin.clock.now
        time = -(now - self._passed_s) / _HOUR_S
        self._passed_s = now
        shaping = 0.0
        if self._shaped:
            potential = 0.0 if over else twin.progress * self._whole_h
            shaping, self._potential = potential - self._potential, potential
        twin.outcomes.clear()
        return time + shaping, {"time": time, "shaping": shaping}

    def metrics(self, twin: LLMJob) -> dict[str, float]:
        """The figures of the episode, see :data:`edgesim.envs.training.llm.METRICS`."""
        ledger = twin.ledger
        hours = ledger.passed_s / _HOUR_S
        return {
            "return": -hours,
            "hours": hours if ledger.done else twin.scenario.horizon_s / _HOUR_S,
            "done": float(ledger.done),
            "overhead_h": ledger.overhead_s / _HOUR_S,
            "waiting_h": ledger.waiting_s / _HOUR_S,
            "lost_h": ledger.lost_s / _HOUR_S,
            "switches": float(ledger.switches),
            "reshards": float(ledger.reshards),
            "failures": float(ledger.failures),
            "decisions": float(ledger.decisions),
        }
