"""What training over a WAN pays: the only place of its rewards."""

from typing import Any

from edgesim.twin.training.wan.outcomes import Handled, Joined
from edgesim.twin.training.wan.workload import WANTraining

__all__ = ["PARTS", "RewardModel"]

PARTS = ("samples", "idle", "shaping")
"""What a reward is the sum of: the keys of every info."""


class RewardModel:
    """Turns progress into rewards, their parts, and an episode's metrics.

    The unit is what those who are there at the beginning would make in ``horizon_s`` if they did
    nothing but compute, 100: samples pay their share of it, and an idle node-second costs
    ``idle_weight`` times the samples that a node of mean speed makes in it.

    Args:
        kind: ``"paid"``: no shaping. ``"shaped"``: the part of the step under way that has passed
            is paid as its samples would be, and given back with them: potential-based (Ng, Harada
            and Russell 1999), the return is the same.
    """

    def __init__(self, kind: str) -> None:
        self._shaped = kind == "shaped"
        self.open()

    def open(self) -> None:
        """Begin an episode."""
        self._samples = self._idle_s = self._return = self._potential = 0.0
        self._joined: list[Joined] = []
        self._handled: list[Handled] = []

    def settle(self, twin: WANTraining, *, over: bool) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since the last choice, and its parts.

        Empties the twin's list of outcomes.
        """
        scenario = twin.scenario
        twin.steps.wake()
        rate = scenario.training.samples_per_s
        unit = 100.0 / (scenario.institutions.present * rate * scenario.horizon_s)
        samples, idle_s = twin.steps.samples_done, twin.idle_s()
        made = (samples - self._samples) * unit
        cost = -(idle_s - self._idle_s) * scenario.idle_weight * rate * unit
        self._samples, self._idle_s = samples, idle_s
        self._return += made + cost
        for outcome in twin.outcomes:
            if isinstance(outcome, Joined):
                self._joined.append(outcome)
            else:
                self._handled.append(outcome)
        twin.outcomes.clear()
        shaping = 0.0
        if self._shaped:
            begun = 0.0 if over else self._begun(twin) * unit
            shaping, self._potential = begun - self._potential, begun
        return made + cost + shaping, {"samples": made, "idle": cost, "shaping": shaping}

    def _begun(self, twin: WANTraining) -> float:
        """Samples of the step under way, by the share of a step's time that has passed."""
        steps = twin.steps
        share = steps.elapsed() / steps.last_s if steps.last_s else 0.0
        return min(share, 1.0) * twin.scenario.training.samples * len(twin.present)

    def metrics(self, twin: WANTraining) -> dict[str, float]:
        """The figures of the episode, see :data:`edgesim.envs.training.wan.METRICS`."""
        steps, ledger, horizon_s = twin.steps, twin.ledger, twin.scenario.horizon_s
        delays = [one.delay_s for one in self._joined]
        pulls = [one.pull_s for one in self._joined]
        handled = [one.seconds for one in self._handled]
        return {
            "return": self._return,
            "samples_per_s": steps.samples_done / horizon_s,
            "scale_out_s": _mean(delays),
            "pull_s": _mean(pulls),
            "idle_node_s": twin.idle_s(),
            "lost_node_s": steps.lost_s,
            "handled_ms": 1000 * _mean(handled),
            "joined": float(ledger.joined),
            "asked": float(ledger.asked),
            "left": float(ledger.left + ledger.crashed),
            "steps": float(steps.count),
            "decisions": float(ledger.decisions),
        }


def _mean(values: list[float]) -> float:
    """The mean; 0 where there is nothing."""
    return sum(values) / len(values) if values else 0.0
