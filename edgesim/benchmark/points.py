"""What a benchmark is made of."""

from dataclasses import dataclass

from edgesim.benchmark.measures import Measure

__all__ = ["Point"]


@dataclass(frozen=True)
class Point:
    """One thing that is measured.

    Attributes:
        part: which of :data:`edgesim.benchmark.grid.PARTS` it belongs to.
        name: what the table calls it.
        measure: CPU seconds to spend, to decisions a CPU second.
        axis: the size that varies (``worlds``, ``providers``, ``users``, ``nodes``,
            ``transfers``), or empty.
        size: its value.
        engine: ``simpy``, ``batched``, or empty.
    """

    part: str
    name: str
    measure: Measure
    axis: str = ""
    size: int = 0
    engine: str = ""
