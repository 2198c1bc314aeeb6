"""The workload as its parts see it."""

from typing import Any, Protocol

from edgesim.scenarios.training.wan import WANScenario
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.workload import Host
from edgesim.twin.training.wan.links import LinkMonitor
from edgesim.twin.training.wan.newcomer import Newcomer
from edgesim.twin.training.wan.outcomes import Ledger, Outcome
from edgesim.twin.training.wan.steps import Steps
from edgesim.twin.training.wan.world import WANWorld

__all__ = ["Cluster"]


class Cluster(Protocol):
    """Those who train, and those on their way; see
    :class:`edgesim.twin.training.wan.workload.WANTraining`.
    """

    world: WANWorld
    twin: Host
    clock: Clock
    steps: Steps
    monitor: LinkMonitor
    newcomers: dict[int, Newcomer]
    ledger: Ledger
    outcomes: list[Outcome]
    scale_out: Any
    joining_idle_s: float
    pending_ring: list[int] | None

    @property
    def scenario(self) -> WANScenario: ...

    @property
    def present(self) -> list[int]: ...

    @property
    def joining(self) -> set[int]: ...

    def ask(self, kind: str, newcomer: Newcomer | None, *without: str) -> None: ...

    def note(self, event: str, institution: int, value: float, what: str = "") -> None: ...

    def set_ring(self, ring: list[int]) -> None: ...

    def reroute(self) -> None: ...

    def ring_changed(self) -> None: ...

    def joins(self, institution: int) -> None: ...
