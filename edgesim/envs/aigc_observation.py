"""What a decision maker sees of an AIGC world when a request waits for its provider."""

import numpy as np
import numpy.typing as npt

from edgesim.twin.aigc import AIGCTwin
from edgesim.twin.aigc_world import AIGCWorld

__all__ = ["Observer"]

_MANY_TRANSFERS = 10  # transfers at one site beyond which the observation tells no difference

_PAPER = ("capacity", "available")
_WIRELESS = (
    *_PAPER,
    "up",
    "step_time",
    "batch_slope",
    "assigned",
    "metro_time",
    "expected_latency",
)
_REQUEST_PAPER = ("steps", "run_time")
_REQUEST_WIRELESS = (
    "steps",
    "deadline",
    "upload_bytes",
    "download_bytes",
    "efficiency_up",
    "efficiency_down",
    "transfers_up",
    "transfers_down",
)


class Observer:
    """Writes the observation of a twin.

    Attributes:
        names: name of each entry, ``"provider 3 available"`` or ``"request steps"``.
        high: largest value of each entry, shape (entries,); the smallest is 0.
        features: what is told of each provider, in order; entry ``f`` of provider ``p`` stands at
            ``p * len(features) + f``.
        request: what is told of the request, in order, after all providers.
    """

    def __init__(self, world: AIGCWorld) -> None:
        scenario, wireless = world.scenario, world.scenario.wireless
        self.features = _PAPER if wireless is None else _WIRELESS
        self.request = _REQUEST_PAPER if wireless is None else _REQUEST_WIRELESS
        count, width = len(world.providers), len(self.features)
        self.names = [f"provider {p} {name}" for p in range(count) for name in self.features]
        self.names += [f"request {name}" for name in self.request]
        self._providers = slice(0, count * width)
        self._width = width
        self._capacity = world.capacity
        self._most_steps = scenario.steps_range[1]
        self._known: dict[int, tuple[float, float]] = {}
        self._template = np.zeros(len(self.names), dtype=np.float32)
        self.column("capacity", self._template)[:] = world.capacity / scenario.capacity_range[1]
        self.high = np.ones(len(self.names), dtype=np.float32)
        # Providers that a user lists may hold more than capacity_range draws.
        np.maximum(self.high, self._template, out=self.high)
        # A trace may ask for more steps than steps_range draws.
        if world.workload.trace is not None:
            self.high[self._providers.stop] = max(
                1.0, world.workload.trace.max_steps / self._most_steps
            )
        self._wireless = wireless
        if wireless is None:
            return
        self.column("expected_latency", self.high)[:] = 2.0
        slowest = max(machine.seconds_per_step for machine in world.machines)
        self.column("step_time", self._template)[:] = [
            machine.seconds_per_step / slowest for machine in world.service
        ]
        self.column("batch_slope", self._template)[:] = [
            machine.batch_slope for machine in world.service
        ]
        # How many of the smallest tasks a provider holds: more can be assigned only by overload.
        self._most_tasks = np.maximum(world.capacity / scenario.steps_range[0], 1.0)
        self._patience_s = wireless.deadline_s[1] + wireless.lateness_s

    def column(self, feature: str, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The entries of one feature over all providers, shape (..., providers); a view."""
        return observation[..., self._providers][..., self.features.index(feature) :: self._width]

    def entry(self, name: str, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One entry of the request's block, shape (...)."""
        return observation[..., self._providers.stop + self.request.index(name)]

    def observe(self, twin: AIGCTwin) -> npt.NDArray[np.float32]:
        """The observation of the request at hand (or shown last), shape (entries,)."""
        seen = self._template.copy()
        if self._wireless is None:
            np.divide(twin.available, self._capacity, out=seen[1 : self._providers.stop : 2])
            seen[-2:] = self._request(twin)
            return seen
        delivery, task, wireless = twin.delivery, twin.last, self._wireless
        assert delivery is not None
        link = site, up, down = delivery.link(task)
        block = seen[self._providers].reshape(-1, self._width)
        np.divide(np.maximum(twin.available, 0.0), self._capacity, out=block[:, 1])
        block[:, 2] = twin.up
        np.minimum(twin.assigned / self._most_tasks, 1.0, out=block[:, 5])
        metro_s = delivery.metro_s(site, task.upload_bytes + task.download_bytes)
        np.minimum(metro_s / self._patience_s, 1.0, out=block[:, 6])
        expected_s = delivery.expected_latency_s(task, link, twin.assigned)
        np.minimum(expected_s / (task.deadline_s + wireless.lateness_s), 2.0, out=block[:, 7])
        top = wireless.radio.max_spectral_efficiency
        radio = delivery.radio
        seen[self._providers.stop :] = (
            task.steps / self._most_steps,
            task.deadline_s / wireless.deadline_s[1],
            min(task.upload_bytes / wireless.upload_bytes[1], 1.0),
            min(task.download_bytes / wireless.download_bytes[1], 1.0),
            up / top,
            down / top,
            min(radio.uplink.active[site] / _MANY_TRANSFERS, 1.0),
            min(radio.downlink.active[site] / _MANY_TRANSFERS, 1.0),
        )
        return seen

    def _request(self, twin: AIGCTwin) -> tuple[float, float]:
        steps = twin.last.steps
        known = self._known.get(steps)
        if known is None:
            longest = twin.run_time_s(self._most_steps)
            known = (steps / self._most_steps, twin.run_time_s(steps) / longest)
            self._known[steps] = known
        return known
