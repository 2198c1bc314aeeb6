"""What a decision maker sees of an AIGC world when a request waits for its provider."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgesim.twin.aigc import AIGCTwin
from edgesim.twin.aigc_world import AIGCWorld

__all__ = ["Observer"]

_Float = TypeVar("_Float", np.float32, np.float64)

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
        template: an observation with what stays the same all the time, and 0 elsewhere.
    """

    def __init__(self, world: AIGCWorld) -> None:
        scenario, wireless = world.scenario, world.scenario.wireless
        self.features = _PAPER if wireless is None else _WIRELESS
        self.request = _REQUEST_PAPER if wireless is None else _REQUEST_WIRELESS
        count, width = len(world.providers), len(self.features)
        self.names = [f"provider {p} {name}" for p in range(count) for name in self.features]
        self.names += [f"request {name}" for name in self.request]
        self._world = world
        self._providers = slice(0, count * width)
        self._width = width
        self._capacity = world.capacity
        self._most_steps = scenario.steps_range[1]
        self._known: dict[int, tuple[float, float]] = {}
        self.template = np.zeros(len(self.names), dtype=np.float32)
        self.column("capacity", self.template)[:] = world.capacity / scenario.capacity_range[1]
        self.high = np.ones(len(self.names), dtype=np.float32)
        # Providers that a user lists may hold more than capacity_range draws.
        np.maximum(self.high, self.template, out=self.high)
        # A trace may ask for more steps than steps_range draws.
        if world.workload.trace is not None:
            self.high[self._providers.stop] = max(
                1.0, world.workload.trace.max_steps / self._most_steps
            )
        self._wireless = wireless
        if wireless is None:
            return
        self.column("expected_latency", self.high)[:] = 2.0
        # An observation is figures in their units over a scale each, cut at their highest values.
        self._raw = np.zeros(len(self.names))
        self._scale = np.ones(len(self.names))
        self._high = self.high.astype(np.float64)
        raw = {name: self._column(name, self._raw) for name in self.features}
        scale = {name: self._column(name, self._scale) for name in self.features}
        raw["capacity"][:] = world.capacity
        scale["capacity"][:] = scenario.capacity_range[1]
        scale["available"][:] = world.capacity
        raw["step_time"][:] = [machine.seconds_per_step for machine in world.service]
        scale["step_time"][:] = max(machine.seconds_per_step for machine in world.machines)
        raw["batch_slope"][:] = [machine.batch_slope for machine in world.service]
        # How many of the smallest tasks a provider holds: more can be assigned only by overload.
        scale["assigned"][:] = np.maximum(world.capacity / scenario.steps_range[0], 1.0)
        scale["metro_time"][:] = wireless.deadline_s[1] + wireless.lateness_s
        self._scale[self._providers.stop :] = (
            self._most_steps,
            wireless.deadline_s[1],
            wireless.upload_bytes[1],
            wireless.download_bytes[1],
            wireless.radio.max_spectral_efficiency,
            wireless.radio.max_spectral_efficiency,
            _MANY_TRANSFERS,
            _MANY_TRANSFERS,
        )
        # What changes from one observation to the next. Single numbers go through a memoryview,
        # which takes a float several times faster than an array does.
        self._available, self._up, self._assigned = (
            raw[n] for n in ("available", "up", "assigned")
        )
        self._metro_s, self._expected_s = raw["metro_time"], raw["expected_latency"]
        self._patience_s = scale["expected_latency"]
        self._asked = self._raw[self._providers.stop :].data.cast("B").cast("d")
        self._none = np.zeros(count)

    def column(self, feature: str, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The entries of one feature over all providers, shape (..., providers); a view."""
        return self._column(feature, observation)

    def _column(self, feature: str, values: npt.NDArray[_Float]) -> npt.NDArray[_Float]:
        return values[..., self._providers][..., self.features.index(feature) :: self._width]

    def entry(self, name: str, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One entry of the request's block, shape (...)."""
        return observation[..., self._providers.stop + self.request.index(name)]

    def observe(self, twin: AIGCTwin) -> npt.NDArray[np.float32]:
        """The observation of the request at hand (or shown last), shape (entries,)."""
        if self._wireless is None:
            seen = self.template.copy()
            np.divide(twin.available, self._capacity, out=seen[1 : self._providers.stop : 2])
            seen[-2:] = self.asked(twin.last.steps)
            return seen
        delivery, task = twin.delivery, twin.last
        assert delivery is not None
        link = site, up, down = delivery.link(task)
        size_bytes = task.upload_bytes + task.download_bytes
        np.maximum(twin.available, self._none, out=self._available)
        self._up[...] = twin.up
        self._assigned[...] = twin.assigned
        delivery.metro_s(site, size_bytes, out=self._metro_s)
        delivery.expected_latency_s(task, link, twin.assigned, out=self._expected_s)
        self._patience_s.fill(task.deadline_s + self._wireless.lateness_s)
        asked, radio = self._asked, delivery.radio
        asked[0] = task.steps
        asked[1] = task.deadline_s
        asked[2] = task.upload_bytes
        asked[3] = task.download_bytes
        asked[4] = up
        asked[5] = down
        asked[6] = radio.uplink.active[site]
        asked[7] = radio.downlink.active[site]
        shares = np.divide(self._raw, self._scale)
        return np.minimum(shares, self._high, out=shares).astype(np.float32)

    def asked(self, steps: int) -> tuple[float, float]:
        """The entries of a request for so many steps, in a scenario without a network."""
        known = self._known.get(steps)
        if known is None:
            run_time_s = self._world.run_time_s
            known = (steps / self._most_steps, run_time_s(steps) / run_time_s(self._most_steps))
            self._known[steps] = known
        return known
