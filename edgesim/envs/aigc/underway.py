"""What is expected of the tasks at each provider: what an operator works out from what it sent."""

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.compiled import compiled

__all__ = ["Underway"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LATENCY, _DEADLINE, _ALONE, _ARRIVAL = range(4)  # what is kept of a task, s


class Underway:
    """The tasks that were sent to each provider and still run there, in a scenario with a network.

    Each has the latency that was expected when it was sent, later by what every further task at its
    provider adds, its deadline, the time of its run alone and its arrival. Nothing of it is hidden:
    the operator sent them, and is told when a run ends. Which ones have ended is not looked up: the
    first that were sent.

    Args:
        scenario: says how fast lateness takes what a result is worth.
        world: the providers.
    """

    def __init__(self, scenario: AIGCScenario, world: AIGCWorld) -> None:
        assert scenario.wireless is not None
        self._lateness_s = scenario.wireless.lateness_s
        self._slope = np.array([machine.batch_slope for machine in world.service])
        fewest = min(scenario.step_shares) * scenario.steps_range[0]
        most = int(np.ceil(world.capacity.max() / max(fewest, 1.0))) + 1
        self._tasks = np.zeros((len(world.capacity), most, 4))
        self._counts = np.zeros(len(world.capacity), dtype=np.int64)

    def open(self) -> None:
        """Begin an episode."""
        self._counts[:] = 0

    def send(self, twin: AIGCWorkload, provider: int, steps: int | None = None) -> None:
        """The request at hand is about to be sent to a provider."""
        delivery, task = twin.delivery, twin.last
        assert delivery is not None
        latency_s = float(twin.expected_latency_s(steps)[provider])
        alone_s = float(delivery.alone_s(task.steps if steps is None else steps)[provider])
        _forget(self._tasks, self._counts, twin.assigned)
        _add(
            self._tasks[provider],
            self._counts[provider : provider + 1],
            float(self._slope[provider]),
            (latency_s, task.deadline_s, alone_s, task.arrival_s),
        )

    def loses(self, twin: AIGCWorkload, margin_s: float) -> Floats:
        """What the tasks at each provider are expected to lose by one task more there.

        A task more slows each of them for the rest of its run. What they lose is in results of
        quality 1: timeliness, summed over the tasks.

        Args:
            twin: the episode.
            margin_s: by which results are taken to come later than expected, s.

        Returns:
            shape (providers,).
        """
        _forget(self._tasks, self._counts, twin.assigned)
        found = np.zeros(len(self._counts))
        _lose(
            self._tasks,
            self._counts,
            self._slope,
            twin.clock.now,
            margin_s,
            self._lateness_s,
            found,
        )
        return found


@compiled()
def _forget(tasks: Floats, counts: Ints, assigned: Floats) -> None:
    """Leave the last ones of each provider, as many as are assigned to it."""
    for provider in range(len(counts)):
        over = counts[provider] - int(assigned[provider])
        if over > 0:
            counts[provider] -= over
            for place in range(counts[provider]):
                tasks[provider, place] = tasks[provider, place + over]


@compiled()
def _add(tasks: Floats, count: Ints, slope: float, task: tuple[float, float, float, float]) -> None:
    """Note a task at a provider; the others there take longer."""
    if count[0] == len(tasks):  # more than fit: some have been refused
        count[0] -= 1
        for place in range(count[0]):
            tasks[place] = tasks[place + 1]
    for place in range(count[0]):
        tasks[place, _LATENCY] += slope * tasks[place, _ALONE]
    for entry in range(4):
        tasks[count[0], entry] = task[entry]
    count[0] += 1


@compiled()
def _lose(
    tasks: Floats,
    counts: Ints,
    slope: Floats,
    now_s: float,
    margin_s: float,
    lateness_s: float,
    found: Floats,
) -> None:
    """Timeliness that the tasks of each provider lose by one more."""
    for provider in range(len(counts)):
        for place in range(counts[provider]):
            latency_s = tasks[provider, place, _LATENCY]
            left_s = latency_s - (now_s - tasks[provider, place, _ARRIVAL])
            rest = min(max(left_s / latency_s, 0.0), 1.0)
            longer_s = slope[provider] * tasks[provider, place, _ALONE] * rest
            late_s = latency_s + margin_s - tasks[provider, place, _DEADLINE]
            now = min(max(1.0 - late_s / lateness_s, 0.0), 1.0)
            then = min(max(1.0 - (late_s + longer_s) / lateness_s, 0.0), 1.0)
            found[provider] += now - then
