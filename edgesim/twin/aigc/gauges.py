"""The series of AIGC providers and of the cells of their sites."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgesim.twin.aigc.providers import Provider
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.series import Marks
from edgesim.twin.radio.access import RadioAccess

__all__ = ["CellGauge", "ProviderGauge"]

Floats = npt.NDArray[np.float64]


class _Providers(Protocol):
    """Whose providers: a workload."""

    providers: list[Provider]


class ProviderGauge:
    """Looks at every provider: steps that run over its capacity, tasks, latency of its results.

    Args:
        workload: whose providers.
        log: its event log.

    Attributes:
        kind: ``"provider"``.
        names: of the providers.
    """

    kind = "provider"

    def __init__(self, workload: _Providers, log: EventLog) -> None:
        self._workload, self._log = workload, log
        self.names: Sequence[str] = [f"provider {k}" for k in range(len(set(workload.providers)))]

    def read(self) -> Mapping[str, Floats]:
        """See :class:`edgesim.twin.core.series.Gauge`."""
        providers = self._workload.providers[: len(self.names)]  # once, whatever variants it has
        return {
            "load": np.array([1.0 - one.available / one.capacity for one in providers]),
            "queue": np.array([float(len(one.running)) for one in providers]),
        }

    def marks(self) -> Sequence[Marks]:
        """Results with their latencies; tasks refused and lost."""
        sites = len(self.names)
        rows = [(row[0], row[1], row[3] % sites, row[4]) for row in self._log.rows]
        ends = [(row[0], row[2], row[3]) for row in rows if row[1] == "finish"]
        drops = [(row[0], row[2], 1.0) for row in rows if row[1] in ("refuse", "lose")]
        return (Marks.of("latency_s", ends), Marks.of("drops", drops))


class CellGauge:
    """Looks at the cell of every site: bands in use, transfers on the air, how long they take.

    Args:
        radio: the air; it keeps what has ended from now on.

    Attributes:
        kind: ``"cell"``.
        names: of the sites.
    """

    kind = "cell"

    def __init__(self, radio: RadioAccess) -> None:
        self._radio = radio
        radio.ended = []
        self.names: Sequence[str] = [f"site {k}" for k in range(len(radio.uplink.active))]

    def read(self) -> Mapping[str, Floats]:
        """See :class:`edgesim.twin.core.series.Gauge`."""
        up, down = np.array(self._radio.uplink.active), np.array(self._radio.downlink.active)
        return {
            "load": ((up > 0) + (down > 0).astype(float)) / 2,
            "queue": (up + down).astype(float),
        }

    def marks(self) -> Sequence[Marks]:
        """Transfers that have ended, with the time that they took on the air."""
        return (Marks.of("latency_s", self._radio.ended or []),)
