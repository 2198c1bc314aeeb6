"""What a scenario of cell sleeping states."""

from dataclasses import dataclass

from edgesim.scenarios.checks import at_least, integer_from, positive
from edgesim.scenarios.settings import setting

__all__ = ["CellSleepingScenario"]


@dataclass
class CellSleepingScenario:
    """A macro cell and the small cells below it, decided once an interval.

    Raises:
        InputError: a value is out of its range.
    """

    name: str = setting("", "name of the preset")
    problem: str = setting("cell_sleeping", "name of the problem")
    title: str = setting("", "one line on it")
    cells: int = setting(4, "small cells")
    intervals: int = setting(96, "decisions of an episode")
    interval_s: float = setting(900.0, "s between two decisions")
    capacity_mbps: float = setting(100.0, "Mbit/s that a small cell serves")
    macro_mbps: float = setting(120.0, "Mbit/s that the macro cell has left for those that sleep")
    lost_wh_per_gb: float = setting(100.0, "Wh that a gigabyte counts that nobody served")

    def __post_init__(self) -> None:
        integer_from("cells", self.cells, 1)
        integer_from("intervals", self.intervals, 1)
        for key in ("interval_s", "capacity_mbps", "macro_mbps"):
            positive(key, getattr(self, key))
        at_least("lost_wh_per_gb", self.lost_wh_per_gb, 0.0)
