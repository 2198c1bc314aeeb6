"""What came of requests for chains: typed outcomes with their times, and the ledger of all."""

from dataclasses import dataclass
from typing import NamedTuple

from edgesim.twin.sfc.chain import Chain, QoS

__all__ = ["Accepted", "Dropped", "Ledger", "Outcome", "Rejected", "Released", "Rerouted"]


class Accepted(NamedTuple):
    """A chain is admitted; ``qos`` and ``qoe`` are as things stand now."""

    time_s: float
    chain: Chain
    qos: QoS
    qoe: float


class Rejected(NamedTuple):
    """A request ended without a chain.

    ``reason`` is ``"bandwidth"`` or ``"delay"`` where the last choice could not hold,
    ``"declined"`` where the decision maker rejected it, or a word of the fabric.
    """

    time_s: float
    chain: Chain
    reason: str


class Released(NamedTuple):
    """A chain came to its end; ``qoe`` is the mean over its life."""

    time_s: float
    chain: Chain
    qoe: float


class Dropped(NamedTuple):
    """A chain was ended before its time; ``qoe`` is the mean over its life."""

    time_s: float
    chain: Chain
    qoe: float
    reason: str


class Rerouted(NamedTuple):
    """A chain goes on over other links."""

    time_s: float
    chain: Chain


Outcome = Accepted | Rejected | Released | Dropped | Rerouted


@dataclass(slots=True)
class Ledger:
    """Where every request that has arrived is; it closes at every instant."""

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
        """Whether the requests that arrived, and the chains admitted, are all accounted for."""
        return (
            self.arrived == self.undecided + self.accepted + self.rejected
            and self.accepted == self.running + self.released + self.dropped
        )
