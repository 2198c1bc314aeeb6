"""What came of the choices: typed outcomes with their times, and the ledger of all tasks."""

from dataclasses import dataclass
from typing import NamedTuple

from edgesim.twin.aigc.task import Task

__all__ = ["Crashed", "Finished", "Ledger", "Lost", "Outcome", "Refused", "Restarted", "Started"]


class Started(NamedTuple):
    """A provider took a task in; ``quality`` is what the task will reach there."""

    time_s: float
    task: Task
    provider: int
    quality: float


class Finished(NamedTuple):
    """A task's result is with its user (or, without a network, its run is over)."""

    time_s: float
    task: Task
    provider: int
    quality: float
    latency_s: float


class Lost(NamedTuple):
    """A crash took a running task, of which the share ``progress`` was done."""

    time_s: float
    task: Task
    provider: int
    progress: float


class Refused(NamedTuple):
    """A task reached a provider and was not started: it did not fit, or the provider was down."""

    time_s: float
    task: Task
    provider: int


class Crashed(NamedTuple):
    """A provider crashed and lost ``lost`` running tasks."""

    time_s: float
    provider: int
    lost: int


class Restarted(NamedTuple):
    """A provider is up again."""

    time_s: float
    provider: int


Outcome = Started | Finished | Lost | Refused | Crashed | Restarted


@dataclass(slots=True)
class Ledger:
    """Where every task that has arrived is; it closes at every instant."""

    arrived: int = 0
    undecided: int = 0
    in_transfer: int = 0
    in_service: int = 0
    finished: int = 0
    lost: int = 0
    refused: int = 0

    @property
    def closes(self) -> bool:
        """Whether the tasks that arrived are all accounted for."""
        placed = self.undecided + self.in_transfer + self.in_service
        return self.arrived == placed + self.finished + self.lost + self.refused
