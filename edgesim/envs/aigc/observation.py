"""What a decision maker sees of an AIGC world when a request waits for its provider."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.aigc.delivery import latency_s
from edgesim.twin.aigc.experience import Experience
from edgesim.twin.aigc.quality import FloatArray
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.compiled import compiled
from edgesim.twin.core.forking import Running

__all__ = ["Observer"]

_latency_s: Any = compiled()(latency_s)  # the one formula, compiled

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
_WIDTH = len(_WIRELESS)
_AVAILABLE, _UP, _ASSIGNED, _METRO, _EXPECTED = (
    _WIRELESS.index(name)
    for name in ("available", "up", "assigned", "metro_time", "expected_latency")
)
_RESULTS = ("doubt", "quality", "spread", "since_result", "failures")
"""What came back from a provider in this episode, see :class:`Observer`."""

_FORGOTTEN_S = 60.0  # since the last result, beyond which the observation tells no difference
_MANY_FAILURES = 10.0  # likewise
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
_UPLOAD, _DOWNLOAD = (_REQUEST_WIRELESS.index(f"{way}_bytes") for way in ("upload", "download"))
# Behind the request's entries: time of its transfers over the air, and time until its result is
# worth nothing, s.
_AIR, _PATIENCE = len(_REQUEST_WIRELESS), len(_REQUEST_WIRELESS) + 1


_ENTRY = np.dtype([("scale", np.float64), ("high", np.float64)])
"""An entry of the observation: what its figure is divided by, and its largest value then."""


class Observer(Running):
    """Writes the observation of a twin.

    Args:
        world: the scenario's world.
        sees_links: time on the transport network and expected latency are those of the links as
            they are loaded now, not those of an idle network.
        sees_results: also what has come back from each provider in this episode: 1 / sqrt(1 + n) of
            n results (``doubt``, 1 at first), their mean quality and its standard deviation, the
            time since the last (in minutes, at most one), and crashes and refusals (in tens, at
            most one). These stand behind the request, provider by provider.

    Attributes:
        names: name of each entry, ``"provider 3 available"`` or ``"request steps"``.
        high: largest value of each entry, shape (entries,); the smallest is 0.
        features: what is shown of each provider, in order; entry ``f`` of provider ``p`` stands at
            ``p * len(features) + f``.
        request: what is shown of the request, in order, after all providers.
        template: an observation with what stays the same all the time, and 0 elsewhere.
    """

    def __init__(
        self, world: AIGCWorld, *, sees_links: bool = False, sees_results: bool = False
    ) -> None:
        scenario, wireless = world.scenario, world.scenario.wireless
        self.features = _PAPER if wireless is None else _WIRELESS
        self.request = _REQUEST_PAPER if wireless is None else _REQUEST_WIRELESS
        count, width = len(world.providers), len(self.features)
        self.names = [f"provider {p} {name}" for p in range(count) for name in self.features]
        self.names += [f"request {name}" for name in self.request]
        self._known_width = len(self.names)
        if sees_results:
            self.names += [f"provider {p} {name}" for p in range(count) for name in _RESULTS]
        self._world, self._sees_links, self._sees_results = world, sees_links, sees_results
        self._providers = slice(0, count * width)
        self._width = width
        self._capacity = world.capacity
        self._shared = len(world.providers) > world.sites
        self._most_steps = scenario.steps_range[1]
        self._known: dict[int, npt.NDArray[np.float32]] = {}
        self.template = np.zeros(len(self.names), dtype=np.float32)
        self.column("capacity", self.template)[:] = world.capacity / scenario.capacity_range[1]
        self.high = np.ones(len(self.names), dtype=np.float32)
        # Providers that a user lists may hold more than capacity_range draws.
        np.maximum(self.high, self.template, out=self.high)
        # A trace may ask for more steps than steps_range draws.
        low, high = scenario.steps_range
        if world.arrivals.trace is not None:
            low, high = min(low, world.arrivals.trace.min_steps), world.arrivals.trace.max_steps
            self.high[self._providers.stop] = max(1.0, high / self._most_steps)
        self._wireless = wireless
        if wireless is None:
            # The most steps need not take the longest.
            longest = scenario.longest_run_minutes(low, high) * 60
            self.entry("run_time", self.high)[...] = max(
                1.0, longest / world.run_time_s(self._most_steps)
            )
            return
        self.column("expected_latency", self.high)[:] = 2.0
        # What stays the same.
        service = world.service
        slowest_s = max(machine.seconds_per_step for machine in world.machines)
        step_s, slope = (
            np.array([getattr(machine, name) for machine in service])
            for name in ("seconds_per_step", "batch_slope")
        )
        self.column("step_time", self.template)[:] = step_s / slowest_s
        self.column("batch_slope", self.template)[:] = slope
        np.minimum(self.template, self.high, out=self.template)
        # What changes, in its units: that of each provider comes from the twin, that of the request
        # through a memoryview, which takes a float several times faster than an array does.
        self._request = np.zeros(len(self.request) + 2)
        self._asked = self._request.data.cast("B").cast("d")
        routes = world.routes(world.network.message_routes)
        self._routes = list(np.stack((routes.seconds_per_byte, routes.fixed_s), axis=1))
        self._slope = slope
        self._entries = entries = np.zeros(self._known_width, dtype=_ENTRY)
        entries["high"] = self.high[: self._known_width]
        scale = entries["scale"]
        self.column("available", scale)[:] = world.capacity
        # How many of the smallest tasks a provider holds: more can be assigned only by overload.
        most_tasks = np.maximum(world.capacity / scenario.steps_range[0], 1.0)
        self.column("assigned", scale)[:] = most_tasks
        self.column("metro_time", scale)[:] = wireless.deadline_s[1] + wireless.lateness_s
        scale[self._providers.stop :] = (
            self._most_steps,
            wireless.deadline_s[1],
            wireless.upload_bytes[1],
            wireless.download_bytes[1],
            wireless.radio.max_spectral_efficiency,
            wireless.radio.max_spectral_efficiency,
            _MANY_TRANSFERS,
            _MANY_TRANSFERS,
        )

    def episode(self) -> dict[str, Any]:
        """Nothing, see :class:`edgesim.twin.core.forking.Running`."""
        return {}

    def remade(self) -> tuple[Any, ...]:
        """See :class:`edgesim.twin.core.forking.Running`."""
        kind = partial(Observer, sees_links=self._sees_links, sees_results=self._sees_results)
        return kind, (self._world,)

    def column(self, feature: str, observation: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The entries of one feature over all providers, shape (..., providers); a view."""
        if feature in _RESULTS:
            results = observation[..., self._known_width :]
            return results[..., _RESULTS.index(feature) :: len(_RESULTS)]
        return observation[..., self._providers][..., self.features.index(feature) :: self._width]

    def entry(self, name: str, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One entry of the request's block, shape (...)."""
        return observation[..., self._providers.stop + self.request.index(name)]

    def observe(self, twin: AIGCWorkload) -> npt.NDArray[np.float32]:
        """The observation of the request at hand (or shown last), shape (entries,)."""
        seen = self.template.copy()
        if self._sees_results and twin.experience is not None:
            self._write_results(seen, twin.experience, twin.clock.now)
        if self._wireless is None:
            share = seen[1 : self._providers.stop : 2]
            np.divide(twin.available, self._capacity, out=share)
            if self._world.plan:  # an event may leave less than what runs, or more than there was
                np.clip(share, 0.0, 1.0, out=share)
            seen[self._providers.stop : self._known_width] = self.asked(twin.last.steps)
            return seen
        delivery, task = twin.delivery, twin.last
        assert delivery is not None
        link = site, up, down = delivery.link(task)
        alone_s = delivery.alone_s(task.steps)
        if self._shared:
            alone_s = alone_s + twin.loading_s
        asked, radio = self._asked, delivery.radio
        asked[0] = task.steps
        asked[1] = task.deadline_s
        asked[2] = task.upload_bytes
        asked[3] = task.download_bytes
        asked[4] = up
        asked[5] = down
        asked[6] = radio.uplink.active[site]
        asked[7] = radio.downlink.active[site]
        asked[_AIR] = delivery.air_s(task, link)
        asked[_PATIENCE] = task.deadline_s + self._wireless.lateness_s
        _write(
            seen,
            self._entries,
            self._slope,
            twin.available,
            twin.up,
            twin.assigned,
            alone_s,
            delivery.ways_s(site) if self._sees_links else self._routes[site],
            self._request,
        )
        return seen

    def _write_results(
        self, seen: npt.NDArray[np.float32], experience: Experience, now_s: float
    ) -> None:
        rows = seen[self._known_width :].reshape(-1, len(_RESULTS))
        rows[:, 0] = 1.0 / np.sqrt(1.0 + experience.results)
        rows[:, 1] = np.clip(experience.quality, 0.0, 1.0)
        rows[:, 2] = np.minimum(experience.spread, 1.0)
        rows[:, 3] = np.minimum((now_s - experience.last_s) / _FORGOTTEN_S, 1.0)
        rows[:, 4] = np.minimum(experience.failures / _MANY_FAILURES, 1.0)

    def asked(self, steps: int) -> npt.NDArray[np.float32]:
        """The entries of a request for so many steps where there is no network, shape (2,)."""
        known = self._known.get(steps)
        if known is None:
            run_time_s = self._world.run_time_s
            time = run_time_s(steps) / run_time_s(self._most_steps)
            known = np.array((steps / self._most_steps, time), dtype=np.float32)
            self._known[steps] = known
        return known


@compiled(error_model="numpy")
def _write(
    seen: npt.NDArray[np.float32],
    entries: npt.NDArray[np.void],
    slope: FloatArray,
    available: FloatArray,
    up: npt.NDArray[np.bool_],
    assigned: FloatArray,
    alone_s: FloatArray,
    ways_s: FloatArray,
    request: FloatArray,
) -> None:
    """Write what changes, each figure over its scale and cut at its highest value.

    Compiled, as some fifteen calls of numpy on twenty numbers each would be a tenth of a step.

    Args:
        seen: the observation.
        entries: of ``_ENTRY``, each entry of it; the scale of an expected latency is the request's.
        slope: batch slope of each provider.
        available: capacity not taken of each provider, denoising steps.
        up: whether each provider is up.
        assigned: tasks of each provider.
        alone_s: run of the request's steps on each provider with nothing beside it.
        ways_s: between the user's site and each provider, sending a byte and what a message meets
            besides, shape (2, providers).
        request: figures of the request, as ``_REQUEST_WIRELESS``, ``_AIR`` and ``_PATIENCE``.
    """
    size_bytes = request[_UPLOAD] + request[_DOWNLOAD]
    count = len(available)
    for provider in range(count):
        at = provider * _WIDTH
        per_byte_s, fixed_s = ways_s[0, provider], ways_s[1, provider]
        expected_s = _latency_s(
            slope[provider],
            assigned[provider],
            alone_s[provider],
            fixed_s,
            per_byte_s,
            size_bytes,
            request[_AIR],
        )
        seen[at + _UP] = up[provider]
        entry = entries[at + _AVAILABLE]
        seen[at + _AVAILABLE] = min(max(available[provider], 0.0) / entry.scale, entry.high)
        entry = entries[at + _ASSIGNED]
        seen[at + _ASSIGNED] = min(assigned[provider] / entry.scale, entry.high)
        entry = entries[at + _METRO]
        seen[at + _METRO] = min((per_byte_s * size_bytes + fixed_s) / entry.scale, entry.high)
        entry = entries[at + _EXPECTED]
        seen[at + _EXPECTED] = min(expected_s / request[_PATIENCE], entry.high)
    first = count * _WIDTH
    for place in range(len(entries) - first):
        entry = entries[first + place]
        seen[first + place] = min(request[place] / entry.scale, entry.high)
