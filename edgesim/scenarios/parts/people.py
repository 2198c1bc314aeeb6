"""People: how the users of the network move."""

from dataclasses import dataclass, field

from edgesim.scenarios.checks import interval

__all__ = ["Mobility"]


@dataclass
class Mobility:
    """Random waypoint: straight legs at a uniform speed, a pause at each end."""

    speed_mps: list[float] = field(default_factory=lambda: [0.5, 10.0])
    pause_s: list[float] = field(default_factory=lambda: [0.0, 60.0])

    def check(self, at: str) -> None:
        interval(f"{at}.speed_mps", self.speed_mps, open_low=True)
        interval(f"{at}.pause_s", self.pause_s)
