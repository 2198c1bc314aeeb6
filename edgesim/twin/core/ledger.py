"""The ledger of requests that, once accepted, hold something until they leave."""

from dataclasses import dataclass

__all__ = ["HoldingLedger"]


@dataclass(slots=True)
class HoldingLedger:
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
        """Whether the requests that arrived, and those accepted, are all accounted for."""
        return (
            self.arrived == self.undecided + self.accepted + self.rejected
            and self.accepted == self.running + self.released + self.dropped
        )
