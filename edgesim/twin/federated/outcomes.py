"""What came of rounds: when each was over, which parts were done, and the bytes of every link."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Ledger", "Round", "RoundOver"]


class Round(NamedTuple):
    """A round that waits for its program."""

    number: int
    time_s: float


@dataclass(frozen=True)
class RoundOver:
    """A round is over.

    Attributes:
        number: of the round, from 0.
        begun_s: when it began, s.
        time_s: when it was over, s.
        done: labels of the branches that were done, with when, s.
        failed: labels of those that were not.
        chains: of each chain, the devices whose training came back, in their order.
        edge_bytes: bytes on the links of devices, towards them and from them.
        wan_bytes: bytes on the links of factories, towards them and from them.
        server_bytes: bytes on the cloud's own link, from it and to it.
    """

    number: int
    begun_s: float
    time_s: float
    done: dict[Hashable, float]
    failed: frozenset[Hashable]
    chains: dict[Hashable, list[int]]
    edge_bytes: tuple[float, float]
    wan_bytes: tuple[float, float]
    server_bytes: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class Ledger:
    """Where rounds are, and what they sent; it closes at every instant."""

    asked: int = 0
    undecided: int = 0
    running: int = 0
    over: int = 0
    failed_parts: int = 0
    chains_held: int = 0
    chains_refused: int = 0
    rounds: list[RoundOver] = field(default_factory=list)

    @property
    def closes(self) -> bool:
        """Whether all rounds are accounted for."""
        return (
            self.asked
            == self.undecided + self.running + self.over
            == len(self.rounds) + (self.undecided + self.running)
        )
