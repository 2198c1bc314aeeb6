"""What the outcomes of an AIGC episode pay: the only place where rewards are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgesim.envs.recovery import Recovery
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.outcomes import Crashed, Finished, Ledger, Lost, Outcome, Refused, Started
from edgesim.twin.aigc.quality import timeliness
from edgesim.twin.aigc.task import Task
from edgesim.twin.aigc.workload import AIGCWorkload

__all__ = ["PARTS", "RewardModel"]

PARTS = ("quality", "crash_penalty", "loss_penalty", "refusal_penalty", "shaping")
"""What a reward is the sum of: the keys of every info."""


@dataclass(slots=True)
class _Placed:
    """A task under way: what it is worth on time, and when it is expected to be there."""

    number: int
    gain: float
    latency_s: float
    deadline_s: float
    alone_s: float  # its run with nothing beside it


class RewardModel:
    """Turns outcomes into rewards, their parts, and an episode's metrics.

    Args:
        scenario: says what is paid and when.
        shaped: pay a task's expected worth when it is placed and the difference at its end
            (potential-based shaping; the undiscounted return of an episode is unchanged).
        priced: likewise, and a task that is placed pays at once what it is expected to take from
            those that are at its provider: each of them takes longer by what a further task adds.
        foreseen: what :meth:`foresee` is told is paid in the place of quality.
    """

    def __init__(
        self,
        scenario: AIGCScenario,
        *,
        shaped: bool,
        priced: bool = False,
        foreseen: bool = False,
    ) -> None:
        self._foreseen = foreseen
        self._penalty = (scenario.crash_penalty, scenario.loss_penalty, scenario.refusal_penalty)
        self._on_delivery = scenario.pay_on == "delivery"
        self._faults = bool(scenario.faults)
        # A quality paid on assignment is not delayed: there is nothing to shape.
        self._shaped = (shaped or priced) and self._on_delivery
        self._priced = priced and self._on_delivery
        self._lateness_s = scenario.wireless.lateness_s if scenario.wireless else None
        self.open()

    def open(self) -> None:
        """Begin an episode."""
        self._promised: dict[int, float] = {}
        self._placed: dict[int, dict[int, _Placed]] = {}  # by provider and number, as they came
        self._recovery = Recovery() if self._faults else None
        self._promise = 0.0
        self._return = self._quality = self._latency_s = 0.0
        self._finished = self._late = self._crashes = self._decisions = 0

    def promise(self, twin: AIGCWorkload, provider: int, steps: int | None) -> None:
        """A choice is about to be made: note what it is expected to be worth."""
        self._decisions += 1
        if self._shaped:
            worth = float(twin.expected_worth(steps)[provider])
            self._promised[twin.last.number] = worth
            self._promise += worth
            if self._priced:
                self._promise += self._taken(twin, provider, steps)

    def foresee(self, adds: float) -> None:
        """A choice is about to be made: note what it is expected to add to the worth of all."""
        self._promise += adds

    def _taken(self, twin: AIGCWorkload, provider: int, steps: int | None) -> float:
        """What a choice about to be made changes of what the tasks at its provider are worth."""
        delivery, task = twin.delivery, twin.last
        assert delivery is not None
        placed = self._placed.setdefault(provider, {})
        slope = twin.world.service[provider].batch_slope
        # Runs begin in the order of the tasks: the last ones are those that are still there.
        there = list(placed.values())[max(0, len(placed) - int(twin.assigned[provider])) :]
        change, lateness_s = 0.0, self._lateness_s or 0.0
        for other in there:
            other.latency_s += slope * other.alone_s
            worth = other.gain * timeliness(other.latency_s, other.deadline_s, lateness_s)
            change += worth - self._promised[other.number]
            self._promised[other.number] = worth
        spent = task.steps if steps is None else steps
        placed[task.number] = _Placed(
            task.number,
            float(twin.world.curves.gains(spent)[provider]),
            float(twin.expected_latency_s(steps)[provider]),
            task.deadline_s,
            float(delivery.alone_s(spent)[provider]),
        )
        return change

    def _closed(self, task: Task, provider: int) -> float:
        """What was promised for a task that is over."""
        if self._priced:
            self._placed.get(provider, {}).pop(task.number, None)
        return self._promised.pop(task.number, 0.0)

    def settle(
        self, outcomes: Sequence[Outcome], *, over: bool = False
    ) -> tuple[float, dict[str, Any]]:
        """The reward of what has happened since the last choice, and its parts.

        Args:
            outcomes: what has happened.
            over: whether the episode ends with it: what was promised for the tasks that are still
                under way is then taken back, as the potential of an end is 0.
        """
        of_crash, of_loss, of_refusal = self._penalty
        quality = crash = loss = refusal = 0.0
        shaping, self._promise = self._promise, 0.0
        for outcome in outcomes:
            if self._recovery is not None:
                self._note(self._recovery, outcome)
            if isinstance(outcome, Started):
                if not self._on_delivery:
                    quality += outcome.quality
            elif isinstance(outcome, Finished):
                if self._on_delivery:
                    quality += self._delivered(outcome)
                    shaping -= self._closed(outcome.task, outcome.provider)
                self._finished += 1
                self._quality += outcome.quality
                self._latency_s += outcome.latency_s
            elif isinstance(outcome, Lost):
                loss -= of_loss * (1.0 - outcome.progress)
                shaping -= self._closed(outcome.task, outcome.provider)
            elif isinstance(outcome, Refused):
                refusal -= of_refusal
                shaping -= self._closed(outcome.task, outcome.provider)
            elif isinstance(outcome, Crashed):
                crash -= of_crash
                self._crashes += 1
        if over:
            shaping -= sum(self._promised.values())
            self._promised.clear()
        if self._foreseen:
            shaping -= quality
        paid = quality + crash + loss + refusal
        self._return += paid
        info = {  # the keys are PARTS
            "quality": quality,
            "crash_penalty": crash,
            "loss_penalty": loss,
            "refusal_penalty": refusal,
            "shaping": shaping,
        }
        return paid + shaping, info

    def _note(self, recovery: Recovery, outcome: Outcome) -> None:
        """Tell what became of a task: well is on time."""
        if isinstance(outcome, Finished):
            task = outcome.task
            on_time = self._lateness_s is None or outcome.latency_s <= task.deadline_s
            recovery.ended(task.number, task.arrival_s, well=on_time)
        elif isinstance(outcome, Lost | Refused):
            task, lost = outcome.task, isinstance(outcome, Lost)
            recovery.ended(task.number, task.arrival_s, well=False, lost=lost)

    def recovered(self, twin: AIGCWorkload) -> dict[str, float]:
        """:data:`edgesim.envs.recovery.FAULT_METRICS`; nothing where nothing fails by chance."""
        if self._recovery is None or twin.faults is None:
            return {}
        return self._recovery.metrics(twin.faults.began_s, twin.clock.now)

    def metrics(self, ledger: Ledger) -> dict[str, float]:
        """The figures of the episode, see :data:`edgesim.envs.aigc.env.METRICS`.

        The return is that of the rewards as paid, without shaping. Means are 0 where nothing
        finished.
        """
        finished = max(self._finished, 1)
        return {
            "return": self._return,
            "quality": self._quality / finished,
            "latency_s": self._latency_s / finished,
            "late": self._late / finished,
            "lost": float(ledger.lost),
            "refused": float(ledger.refused),
            "crashes": float(self._crashes),
            "finished": float(ledger.finished),
            "decisions": float(self._decisions),
        }

    def _delivered(self, outcome: Finished) -> float:
        if self._lateness_s is None:
            return outcome.quality
        deadline_s = outcome.task.deadline_s
        if outcome.latency_s > deadline_s:
            self._late += 1
        return outcome.quality * timeliness(outcome.latency_s, deadline_s, self._lateness_s)
