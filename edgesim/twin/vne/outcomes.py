"""What came of virtual networks: typed outcomes with their times, and the ledger of all."""

from dataclasses import dataclass
from typing import NamedTuple

from edgesim.twin.vne.request import Embedding

__all__ = ["Accepted", "Dropped", "Ledger", "Outcome", "Rejected", "Released", "Rerouted"]


class Accepted(NamedTuple):
    """A virtual network is embedded."""

    time_s: float
    embedding: Embedding


class Rejected(NamedTuple):
    """A virtual network is turned down.

    ``reason`` is ``"taken"``, ``"cpu"`` or ``"path"`` where the last choice could not hold: the
    host has another node of the VN, lacks CPU, or a link found no path. ``"declined"`` where the
    decision maker rejected it.
    """

    time_s: float
    embedding: Embedding
    reason: str


class Released(NamedTuple):
    """A virtual network came to its end."""

    time_s: float
    embedding: Embedding


class Dropped(NamedTuple):
    """An accepted virtual network is given up: a failure took a host, or a path without another."""

    time_s: float
    embedding: Embedding


class Rerouted(NamedTuple):
    """A virtual network goes on over other paths."""

    time_s: float
    embedding: Embedding


Outcome = Accepted | Rejected | Released | Dropped | Rerouted


@dataclass(slots=True)
class Ledger:
    """Where every virtual network that has arrived is; it closes at every instant."""

    arrived: int = 0
    undecided: int = 0
    accepted: int = 0
    rejected: int = 0
    running: int = 0
    released: int = 0
    dropped: int = 0
    rerouted: int = 0

    @property
    def closes(self) -> bool:
        """Whether the VNs that arrived, and those accepted, are all accounted for."""
        return (
            self.arrived == self.undecided + self.accepted + self.rejected
            and self.accepted == self.running + self.released + self.dropped
        )
