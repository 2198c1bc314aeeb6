"""What lies ahead of the virtual node at hand, worked out once a decision."""

import numpy as np
import numpy.typing as npt

from edgesim.twin.network.spare import NEVER
from edgesim.twin.vne.request import UNPLACED
from edgesim.twin.vne.workload import VNEWorkload

__all__ = ["Outlook"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Outlook:
    """What each physical node would be to the next virtual node. All of it is public knowledge.

    Args:
        twin: the workload at a decision.
        node: the virtual node that is to have a host.

    Attributes:
        node: the virtual node.
        fits: which physical nodes have CPU for it and no other node of its VN, shape (nodes,).
        reaches: from which every link to a placed neighbour would find a path, each by itself;
            several together may still lack room.
        hop_bps: bandwidth times hops of these links, bit/s; infinite where one finds no path.
        joined_bps: bandwidth of these links, bit/s.
    """

    def __init__(self, twin: VNEWorkload, node: int) -> None:
        embedding, router = twin.embedding, twin.router
        request, hosts = embedding.request, embedding.hosts
        self.node = node
        self.fits: BoolArray = twin.substrate.cpu_left >= request.cpu[node]
        for host in hosts:
            if host != UNPLACED:
                self.fits[host] = False
        self.reaches: BoolArray = np.ones(len(self.fits), dtype=bool)
        self.hop_bps: FloatArray = np.zeros(len(self.fits))
        self.joined_bps = 0.0
        for other, index in request.beside[node]:
            if hosts[other] == UNPLACED:
                continue
            link = request.links[index]
            hops = router.hops(hosts[other], link.bandwidth_bps, link.max_latency_s)
            self.reaches &= hops != NEVER
            self.hop_bps += link.bandwidth_bps * hops
            self.joined_bps += link.bandwidth_bps
        self.hop_bps[~self.reaches] = np.inf
