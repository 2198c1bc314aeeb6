"""What ``edgesim swarm`` is given."""

from dataclasses import dataclass, field
from typing import Any

from edgesim.config.keys import as_list, help_text
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import integer_from

__all__ = ["SwarmConfig"]


@dataclass
class SwarmConfig:
    """Random worlds under random faults and policies, with every invariant looked at.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    worlds: int = field(default=300, metadata=help_text("how many cases"))
    first: int = field(default=0, metadata=help_text("number of the first; each draws its own"))
    problems: Any = field(
        default=None,
        metadata=help_text("those to draw from; null: all that have random worlds"),
    )
    steps: int = field(default=80, metadata=help_text("most decisions of a case"))
    without: Any = field(
        default=None,
        metadata=help_text("parts that the cases do without, as the line of a failure names them"),
    )
    shrink: bool = field(
        default=True, metadata=help_text("whether a case that fails is made as small as it goes")
    )

    def __post_init__(self) -> None:
        integer_from("worlds", self.worlds, 1)
        integer_from("first", self.first, 0, LARGEST_SEED)
        integer_from("steps", self.steps, 1)

    @property
    def chosen(self) -> list[str]:
        """The problems as a list; [] for all."""
        return [] if self.problems is None else as_list(self.problems)

    @property
    def left_out(self) -> list[str]:
        """The parts that are left out, as a list."""
        return [] if self.without is None else as_list(self.without)
