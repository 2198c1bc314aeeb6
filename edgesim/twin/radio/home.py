"""A Wi-Fi cell at home: one channel whose air time is shared by whoever sends."""

from collections.abc import Callable
from typing import Any

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.sharing import Job, ProcessorSharing

__all__ = ["HomeCell"]

_ENDLESS_S = 1e15  # air time of transfers of others, who send for as long as they are there


def _share(count: int) -> float:
    return 1.0 / count


class HomeCell:
    """Devices and others of a home on one channel.

    All transfers under way get the same share of the air time, as stations of a Wi-Fi cell do that
    take turns with equally long transmissions. What a device makes of its share is its own rate,
    which follows its signal and may change while it sends.

    >>> clock, ended = Clock(), []
    >>> cell = HomeCell(clock, 10.0, 2)
    >>> cell.send(0, 10.0, lambda value: ended.append(clock.now))
    >>> cell.crowd(1)
    >>> clock.run()
    >>> ended
    [2.0]

    Args:
        clock: the twin's clock.
        bytes_per_s: rate of a device that sends alone at its usual signal.
        devices: how many there are.

    Attributes:
        factors: rate of each device over the usual one.
        crowded: transfers of others under way.
    """

    def __init__(self, clock: Clock, bytes_per_s: float, devices: int) -> None:
        self.bytes_per_s = bytes_per_s
        self.factors = [1.0] * devices
        self.crowded = 0
        self._air = ProcessorSharing(clock, _share)
        self._sending: list[list[Job]] = [[] for _ in range(devices)]
        self._others: list[Job] = []

    @property
    def quiet(self) -> bool:
        """Whether no device sends."""
        return self._air.count == self.crowded

    def send(
        self, device: int, size_bytes: float, done: Callable[[Any], None], value: Any = None
    ) -> None:
        """Send so many bytes from a device; ``done(value)`` is called when all are there."""
        work_s = size_bytes / (self.bytes_per_s * self.factors[device])
        job = self._air.add(work_s, self._finished, (device, done, value))
        self._sending[device].append(job)

    def silence(self) -> None:
        """Give up all that devices send, without calls."""
        for jobs in self._sending:
            for job in jobs:
                self._air.remove(job)
            jobs.clear()

    def rate(self, device: int, factor: float) -> None:
        """A device's rate is so many times the usual one from now on, of what it sends too."""
        before, self.factors[device] = self.factors[device], factor
        for place, job in enumerate(self._sending[device]):
            left_s = self._air.remove(job) * before / factor
            self._sending[device][place] = self._air.add(left_s, self._finished, job.value)

    def crowd(self, others: int) -> None:
        """So many transfers of others are under way from now on."""
        self.crowded = others
        while len(self._others) > others:
            self._air.remove(self._others.pop())
        while len(self._others) < others:
            self._others.append(self._air.add(_ENDLESS_S, self._finished, None))

    def _finished(self, job: Job) -> None:
        if job.value is None:
            return
        device, done, value = job.value
        self._sending[device].remove(job)
        done(value)
