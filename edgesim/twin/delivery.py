"""A task's way through the network: up by radio, over the metro network, and back again."""

from collections.abc import Callable
from functools import partial

import numpy as np

from edgesim.scenarios.aigc import Wireless
from edgesim.twin.aigc_world import AIGCWorld
from edgesim.twin.clock import Clock
from edgesim.twin.mobility import RandomWaypoint
from edgesim.twin.network import MetroNetwork
from edgesim.twin.quality import FloatArray
from edgesim.twin.radio import RadioAccess
from edgesim.twin.streams import Streams
from edgesim.twin.task import Task

__all__ = ["Delivery"]

Position = Callable[[float], tuple[float, float]]
"""Where somebody is at a time (s): (x, y) in m."""


class Delivery:
    """Carries tasks from users to providers and results back to users.

    Args:
        clock: the twin's clock.
        world: sites, streets, metro network and services.
        wireless: the scenario's network.
        streams: the episode's random streams.
    """

    def __init__(
        self, clock: Clock, world: AIGCWorld, wireless: Wireless, streams: Streams
    ) -> None:
        scenario = world.scenario
        self.users = RandomWaypoint(
            streams["mobility"],
            scenario.users,
            wireless.side_m,
            wireless.mobility.speed_mps,
            wireless.mobility.pause_s,
            scenario.horizon_s,
        )
        self.radio = RadioAccess(clock, wireless.radio, world.radio_map)
        self.routes = world.routes
        self.network = MetroNetwork(clock, self.routes)
        # Rows by site: one of a list is taken faster than one of an array.
        self._fixed_metro_s = list(self.routes.fixed_s)
        self._fixed_both_ways_s = list(2 * self.routes.fixed_s)
        self._per_byte_s = list(self.routes.seconds_per_byte)
        self._clock = clock
        self._looked: tuple[Task | None, float] = (None, -1.0)
        self._found = -1
        self._bandwidth_hz = wireless.radio.bandwidth_hz
        self._fixed_s = np.array([profile.fixed_s for profile in world.service])
        self._step_s = np.array([profile.seconds_per_step for profile in world.service])
        self._slope = np.array([profile.batch_slope for profile in world.service])
        self._alone: dict[int, FloatArray] = {}
        # Numbers as arrays of no dimension: numpy takes twice as long over a Python number.
        self._one = np.ones(())
        self._number = np.zeros(())

    def position_m(self, task: Task) -> tuple[float, float]:
        """Where the task's user is now."""
        return self._position(task)(self._clock._now)

    def send(self, task: Task, site: int, arrived: Callable[[Task], None]) -> None:
        """Bring the task from its user to a site and call ``arrived(task)`` there."""
        self.radio.upload(
            self._position(task),
            task.upload_bytes,
            task.fading_up,
            self._uploaded,
            (task, site, arrived),
            self._pixel(task),
        )

    def _uploaded(self, serving: int, way: tuple[Task, int, Callable[[Task], None]]) -> None:
        task, site, arrived = way
        self.network.send(task.upload_bytes, serving, site, arrived, task)

    def bring_back(self, task: Task, site: int, delivered: Callable[[Task], None]) -> None:
        """Bring the result from a site to where its user then is, and call ``delivered(task)``."""
        position = self._position(task)
        serving = self.radio.serving(*position(self._clock._now))
        way = (task, position, delivered)
        self.network.send(task.download_bytes, site, serving, self._at_edge, way)

    def _at_edge(self, way: tuple[Task, Position, Callable[[Task], None]]) -> None:
        task, position, _ = way
        self.radio.download(position, task.download_bytes, task.fading_down, self._downloaded, way)

    def _downloaded(self, serving: int, way: tuple[Task, Position, Callable[[Task], None]]) -> None:
        task, _, delivered = way
        delivered(task)

    def link(self, task: Task) -> tuple[int, float, float]:
        """The user's air at this moment: serving site, spectral efficiency up and down (bit/s/Hz).

        Without fading, which nobody knows beforehand.
        """
        radio = self.radio
        pixel = self._pixel(task)
        site = radio.radio_map.serving[pixel]
        return site, radio.uplink.efficiency(pixel, site), radio.downlink.efficiency(pixel, site)

    def metro_s(self, site: int, size_bytes: float, out: FloatArray | None = None) -> FloatArray:
        """Seconds that so many bytes take from a site to each provider on an idle network.

        Shape (providers,); written into ``out`` where it is given.
        """
        self._number[()] = size_bytes
        seconds: FloatArray = np.multiply(self._per_byte_s[site], self._number, out=out)
        seconds += self._fixed_metro_s[site]
        return seconds

    def expected_latency_s(
        self,
        task: Task,
        link: tuple[int, float, float],
        assigned: FloatArray,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Time to the task's result at each provider if all stays as it is now, shape (providers,).

        Transfers share their bands with those now on the air; the run shares the provider with all
        tasks now assigned to it.

        Args:
            task: the request.
            link: its user's air, from :meth:`link`.
            assigned: tasks assigned to each provider, shape (providers,).
            out: where to write it, where given.
        """
        site, up, down = link
        radio = self.radio
        air_s = task.upload_bytes * (radio.uplink.active[site] + 1) / up
        air_s += task.download_bytes * (radio.downlink.active[site] + 1) / down
        number = self._number
        latency_s: FloatArray = np.multiply(self._slope, assigned, out=out)
        latency_s += self._one
        latency_s *= self._alone_s(task.steps)
        latency_s += self._fixed_both_ways_s[site]
        number[()] = task.upload_bytes + task.download_bytes
        latency_s += self._per_byte_s[site] * number
        number[()] = air_s * 8.0 / self._bandwidth_hz
        latency_s += number
        return latency_s

    def _alone_s(self, steps: int) -> FloatArray:
        """Run time of a task alone at each provider, shape (providers,)."""
        known = self._alone.get(steps)
        if known is None:
            known = self._alone[steps] = self._fixed_s + self._step_s * steps
        return known

    def _pixel(self, task: Task) -> int:
        """Where the task's user is on the radio map now; looked up once at one time."""
        now = self._clock._now
        if self._looked != (task, now):
            self._looked = (task, now)
            self._found = self.radio.radio_map.pixel(*self._position(task)(now))
        return self._found

    def _position(self, task: Task) -> Position:
        place = task.place_m
        if place is not None:
            return lambda _: place
        return partial(self.users.position, task.user)
