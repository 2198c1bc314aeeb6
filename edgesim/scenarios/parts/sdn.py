"""The SDN controller, and how it measures the links."""

from dataclasses import dataclass

from edgesim.scenarios.checks import at_least, integer_from, one_of, period
from edgesim.scenarios.settings import setting

__all__ = ["Collector", "Controller"]

_MODES = ("piggyback", "separate", "truth")


MOST_ROUTES = 100
"""Shortest paths between two nodes: more are all paths there are, one by one."""


MOST_SMOOTHED = 1000
"""Measurements of every link that are kept to be averaged."""


@dataclass
class Controller:
    """The SDN controller: how it routes, and how long its rules take.

    A message takes ``channel_ms`` and ``channel_ms_per_km`` for the way along the links between the
    controller's site and the switch.
    """

    routes: int = setting(3, "shortest paths between two nodes that a chain may take")
    channel_ms: float = setting(
        1.0, "ms; message between controller and switch, apart from its way", usual=(0.001, 1e4)
    )
    channel_ms_per_km: float = setting(0.005, "ms/km of that way", usual=(0.003, 0.02))
    rule_ms: float = setting(2.0, "ms; a switch writes one flow rule", usual=(0.001, 1e4))

    def check(self, at: str) -> None:
        integer_from(f"{at}.routes", self.routes, 1, MOST_ROUTES)
        at_least(f"{at}.channel_ms", self.channel_ms, 0)
        at_least(f"{at}.channel_ms_per_km", self.channel_ms_per_km, 0)
        at_least(f"{at}.rule_ms", self.rule_ms, 0)


@dataclass
class Collector:
    """How the controller measures links: LLDP frames that carry the measurement, or own probes."""

    mode: str = setting(
        "piggyback",
        "piggyback: measurement in the discovery frames; separate: own probes; truth: none",
        _MODES,
    )
    period_s: float = setting(5.0, "s between frames of a port", usual=(0.01, 3600), checked=(1, 5))
    echo_period_s: float = setting(5.0, "s between echo requests of a switch", usual=(0.01, 3600))
    noise_ms: float = setting(
        0.05, "ms; mean of the channel's exponential jitter", usual=(1e-4, 1000.0)
    )
    smoothing: int = setting(3, "measurements of a link's delay that are averaged")

    def check(self, at: str) -> None:
        one_of(f"{at}.mode", self.mode, _MODES)
        period(f"{at}.period_s", self.period_s)
        period(f"{at}.echo_period_s", self.echo_period_s)
        at_least(f"{at}.noise_ms", self.noise_ms, 0)
        integer_from(f"{at}.smoothing", self.smoothing, 1, MOST_SMOOTHED)
