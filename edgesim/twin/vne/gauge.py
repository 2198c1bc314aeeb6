"""The series of the physical nodes under virtual networks."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.series import Marks
from edgesim.twin.vne.request import Embedding
from edgesim.twin.vne.substrate import Substrate

__all__ = ["NodeGauge"]


class _Networks(Protocol):
    """Whose virtual networks: a workload."""

    running: dict[int, Embedding]
    substrate: Substrate


class NodeGauge:
    """Looks at every physical node: the share of its CPU that is held, virtual nodes on it.

    Args:
        workload: whose nodes.
        names: of all nodes.

    Attributes:
        kind: ``"node"``.
        names: of the nodes.
    """

    kind = "node"

    def __init__(self, workload: _Networks, names: Sequence[str]) -> None:
        self._workload, self.names = workload, names

    def read(self) -> Mapping[str, npt.NDArray[np.float64]]:
        """See :class:`edgesim.twin.core.series.Gauge`."""
        workload = self._workload
        held, count = np.zeros(len(self.names)), np.zeros(len(self.names))
        for embedding in workload.running.values():
            hosts = embedding.hosts
            held[hosts] += embedding.request.cpu
            count[hosts] += 1.0
        return {"load": held / np.maximum(workload.substrate.cpu, 1.0), "queue": count}

    def marks(self) -> Sequence[Marks]:
        """Nothing happens to a node at a single time."""
        return ()
