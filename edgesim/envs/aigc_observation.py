"""What a decision maker sees of an AIGC world when a request waits for its provider."""

import numpy as np
import numpy.typing as npt

from edgesim.twin.aigc import AIGCTwin
from edgesim.twin.aigc_world import AIGCWorld

__all__ = ["Observer"]

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
        self._wireless = wireless
        if wireless is None:
            return
        slowest = max(profile.seconds_per_step for profile in scenario.profiles)
        self.column("step_time", self._template)[:] = [
            profile.seconds_per_step / slowest for profile in world.service
        ]
        self.column("batch_slope", self._template)[:] = [p.batch_slope for p in world.service]
        # How many of the smallest tasks a provider holds: more can be assigned only by overload.
        self._most_tasks = np.maximum(world.capacity / scenario.steps_range[0], 1.0)
        self._patience_s = wireless.deadline_s[1] + wireless.lateness_s

    def column(
        self, feature: str, observation: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
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
        return seen

    def _request(self, twin: AIGCTwin) -> tuple[float, float]:
        steps = twin.last.steps
        known = self._known.get(steps)
        if known is None:
            longest = twin.run_time_s(self._most_steps)
            known = (steps / self._most_steps, twin.run_time_s(steps) / longest)
            self._known[steps] = known
        return known
