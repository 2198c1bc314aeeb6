"""What comes of training over a WAN: typed outcomes with their times, and the ledger of all."""

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Handled", "Joined", "Ledger", "Outcome"]


class Joined(NamedTuple):
    """An institution trains with the others.

    Attributes:
        time_s: since when.
        institution: who.
        delay_s: since it asked: negotiation, pull, load, catching up, and the wait for a boundary.
        pull_s: of that, what the pull of the state took.
        planned_s: what the pull was planned to take when it began.
        sources: who sent at first.
    """

    time_s: float
    institution: int
    delay_s: float
    pull_s: float
    planned_s: float
    sources: int


class Handled(NamedTuple):
    """Those whom an event concerns have agreed on how to go on.

    Attributes:
        time_s: since when.
        event: ``leave``, ``crash``, ``disconnect`` or ``connect``.
        number: the institution, or the link of the backbone.
        seconds: since the event, of a crash since it was found out, s.
        detection_s: what passed until it was found out, s.
    """

    time_s: float
    event: str
    number: int
    seconds: float
    detection_s: float


Outcome = Joined | Handled


@dataclass(slots=True)
class Ledger:
    """Where every institution that asked is; it closes at every instant."""

    began: int = 0
    asked: int = 0
    joining: int = 0
    joined: int = 0
    left: int = 0
    crashed: int = 0
    training: int = 0
    cut: int = 0
    decisions: int = 0

    @property
    def closes(self) -> bool:
        """Whether those that began or asked are all accounted for."""
        return (
            self.asked == self.joining + self.joined
            and self.training == self.began + self.joined - self.left - self.crashed
        )
