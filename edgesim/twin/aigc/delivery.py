"""A task's way through the network: up by radio, over the metro network, and back again."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from edgesim.scenarios.aigc.schema import Wireless
from edgesim.twin.aigc.quality import FloatArray
from edgesim.twin.aigc.task import Task
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.network import Network
from edgesim.twin.radio.access import RadioAccess
from edgesim.twin.radio.mobility import RandomWaypoint

__all__ = ["Delivery", "latency_s"]

Position = Callable[[float], tuple[float, float]]
"""Where somebody is at a time (s): (x, y) in m."""


def latency_s(
    slope: Any,
    assigned: Any,
    alone_s: Any,
    fixed_s: Any,
    per_byte_s: Any,
    size_bytes: float,
    air_s: float,
) -> Any:
    """Time from a request to its result, s: at one provider, or at all where arrays are given.

    Args:
        slope: what each task assigned adds to the run, as a part of a run alone.
        assigned: tasks assigned to the provider.
        alone_s: run time alone, s.
        fixed_s: propagation and switching on the metro network, one way, s.
        per_byte_s: transmission time of a byte on the metro network, s.
        size_bytes: upload and download together, bytes.
        air_s: both transfers on the air, s.
    """
    run_s = (slope * assigned + 1.0) * alone_s
    return run_s + 2.0 * fixed_s + per_byte_s * size_bytes + air_s


def _stay(place_m: tuple[float, float], time_s: float) -> tuple[float, float]:
    """Where somebody is who does not move."""
    return place_m


class Delivery:
    """Carries tasks from users to providers and results back to users.

    Args:
        clock: the twin's clock.
        network: the transport network, some of whose nodes are the sites.
        world: sites, streets and services.
        wireless: the scenario's network.
        streams: the episode's random streams.
        arrived: called with a task that has reached its provider.
        delivered: called with a task whose result has reached its user.

    Attributes:
        carry: sends a task's bytes from node to node: the network, or a chain over it.
    """

    def __init__(
        self,
        clock: Clock,
        network: Network,
        world: AIGCWorld,
        wireless: Wireless,
        streams: Streams,
        arrived: Callable[[Task], None],
        delivered: Callable[[Task], None],
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
        self.network = network
        self.carry: Callable[..., Any] = network.messages.send
        self.routes = network.world.message_routes
        self._ways = world.routes(self.routes)
        self._sites, self._first = world.sites, world.first
        self._clock = clock
        self._arrived = arrived
        self._delivered = delivered
        self._looked: tuple[Task | None, float] = (None, -1.0)
        self._found = -1
        self._bandwidth_hz = wireless.radio.bandwidth_hz
        self._fixed_s = np.array([profile.fixed_s for profile in world.service])
        self._step_s = np.array([profile.seconds_per_step for profile in world.service])
        self._slope = np.array([profile.batch_slope for profile in world.service])
        self._alone: dict[int, FloatArray] = {}

    def position_m(self, task: Task) -> tuple[float, float]:
        """Where the task's user is now."""
        place = task.place_m
        return self.users.position(task.user, self._clock._now) if place is None else place

    def send(self, task: Task) -> None:
        """Bring the task from its user to its provider, and call ``arrived(task)`` there."""
        self.radio.upload(
            self._position(task),
            task.upload_bytes,
            task.fading_up,
            self._uploaded,
            task,
            self._pixel(task),
        )

    def _uploaded(self, serving: int, task: Task) -> None:
        place = self._first + task.provider % self._sites
        self.carry(task.upload_bytes, self._first + serving, place, self._arrived, task)

    def bring_back(self, task: Task) -> None:
        """Bring the result from its provider to where its user then is: ``delivered(task)``."""
        serving = self._first + self.radio.serving(*self.position_m(task))
        place = self._first + task.provider % self._sites
        self.carry(task.download_bytes, place, serving, self._at_edge, task)

    def _at_edge(self, task: Task) -> None:
        self.radio.download(
            self._position(task), task.download_bytes, task.fading_down, self._downloaded, task
        )

    def _downloaded(self, serving: int, task: Task) -> None:
        self._delivered(task)

    def link(self, task: Task) -> tuple[int, float, float]:
        """The user's air at this moment: serving site, spectral efficiency up and down (bit/s/Hz).

        Without fading, which nobody knows beforehand.
        """
        radio = self.radio
        pixel = self._pixel(task)
        site = radio.strongest(pixel)
        return site, radio.uplink.efficiency(pixel, site), radio.downlink.efficiency(pixel, site)

    def metro_s(self, site: int, size_bytes: float) -> FloatArray:
        """Seconds that so many bytes take from a site to each provider on an idle network.

        Shape (providers,).
        """
        seconds: FloatArray = self._ways.seconds_per_byte[site] * size_bytes
        seconds += self._ways.fixed_s[site]
        return seconds

    def ways_s(self, site: int) -> FloatArray:
        """The ways between a site and each provider as the links are loaded now.

        Returns:
            mean of both directions, s: sending a byte, and what a message meets besides, queues
            included; shape (2, providers).
        """
        messages, first = self.network.messages, self._first
        site += first
        places = [first + entry % self._sites for entry in range(len(self._step_s))]
        there = [messages.way_s(site, place) for place in places]
        back = [messages.way_s(place, site) for place in places]
        return np.ascontiguousarray((np.array(there) + np.array(back)).T / 2)

    def expected_latency_s(
        self, task: Task, link: tuple[int, float, float], assigned: FloatArray
    ) -> FloatArray:
        """Time to the task's result at each provider if all stays as it is now, shape (providers,).

        Transfers share their bands with those now on the air; the run shares the provider with all
        tasks now assigned to it.

        Args:
            task: the request.
            link: its user's air, from :meth:`link`.
            assigned: tasks assigned to each provider, shape (providers,).
        """
        site = link[0]
        expected_s: FloatArray = latency_s(
            self._slope,
            assigned,
            self.alone_s(task.steps),
            self._ways.fixed_s[site],
            self._ways.seconds_per_byte[site],
            task.upload_bytes + task.download_bytes,
            self.air_s(task, link),
        )
        return expected_s

    def air_s(self, task: Task, link: tuple[int, float, float]) -> float:
        """Time that the task's two transfers take beside those now on the air, s."""
        site, up, down = link
        radio = self.radio
        air_s = task.upload_bytes * (radio.uplink.active[site] + 1) / up
        air_s += task.download_bytes * (radio.downlink.active[site] + 1) / down
        return air_s * 8.0 / self._bandwidth_hz

    def alone_s(self, steps: int) -> FloatArray:
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
            self._found = self.radio.radio_map.pixel(*self.position_m(task))
        return self._found

    def _position(self, task: Task) -> Position:
        place = task.place_m
        if place is not None:
            return partial(_stay, place)
        return partial(self.users.position, task.user)
