"""People: how the users of the network move."""

from dataclasses import dataclass

from edgesim.scenarios.checks import interval
from edgesim.scenarios.settings import setting

__all__ = ["Mobility"]


@dataclass
class Mobility:
    """Random waypoint: straight legs at a uniform speed, a pause at each end."""

    speed_mps: list[float] = setting([0.5, 10.0], "m/s; speed of a leg, uniform", usual=(0.05, 150))
    pause_s: list[float] = setting([0.0, 60.0], "s between legs, uniform", usual=(0.001, 1e5))

    def check(self, at: str) -> None:
        interval(f"{at}.speed_mps", self.speed_mps, open_low=True)
        interval(f"{at}.pause_s", self.pause_s)
