"""The SDN controller, and how it measures the links."""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, integer_from, positive

__all__ = ["Collector", "Controller"]


@dataclass
class Controller:
    """The SDN controller: how it routes, and how long its rules take.

    A message takes ``channel_ms`` and ``channel_ms_per_km`` for the way along the links between the
    controller's site and the switch.
    """

    routes: int = 3
    channel_ms: float = 1.0
    channel_ms_per_km: float = 0.005
    rule_ms: float = 2.0

    def check(self, at: str) -> None:
        integer_from(f"{at}.routes", self.routes, 1)
        at_least(f"{at}.channel_ms", self.channel_ms, 0)
        at_least(f"{at}.channel_ms_per_km", self.channel_ms_per_km, 0)
        at_least(f"{at}.rule_ms", self.rule_ms, 0)


@dataclass
class Collector:
    """How the controller measures links: LLDP frames that carry the measurement, or own probes."""

    mode: str = "piggyback"
    period_s: float = 5.0
    echo_period_s: float = 5.0
    noise_ms: float = 0.05
    smoothing: int = 3

    def check(self, at: str) -> None:
        if self.mode not in ("piggyback", "separate", "truth"):
            raise InputError(f"{at}.mode", self.mode, "accepted: piggyback, separate, truth")
        positive(f"{at}.period_s", self.period_s)
        positive(f"{at}.echo_period_s", self.echo_period_s)
        at_least(f"{at}.noise_ms", self.noise_ms, 0)
        integer_from(f"{at}.smoothing", self.smoothing, 1)
