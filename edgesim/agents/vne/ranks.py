"""Ranks of the nodes of a network, virtual or physical: the formulas of published heuristics.

As the virne benchmark (arXiv 2507.19234) has them; each is told with its own source.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.vne.arrivals import MBPS
from edgesim.twin.vne.request import VirtualNetwork
from edgesim.twin.vne.substrate import Substrate

__all__ = ["Resources", "essential", "grc", "nrm", "physical", "random_walk", "virtual"]

FloatArray = npt.NDArray[np.float64]

_GRC_DAMPING = 0.85  # d in virne's settings
_GRC_STOP = 1e-5
_JUMP = 0.15  # probability of a jump, in virne's settings
_WALK_STOP = 1e-4


class Resources(NamedTuple):
    """What the nodes and links of a network ask for, or have left.

    Attributes:
        cpu: CPU units of each node, shape (nodes,).
        mbps: Mbit/s of the link between two nodes, 0 where there is none; shape (nodes, nodes).
        joined: whether there is one, same shape.
    """

    cpu: FloatArray
    mbps: FloatArray
    joined: npt.NDArray[np.bool_]


def virtual(request: VirtualNetwork) -> Resources:
    """What a virtual network asks for."""
    demands = request.demands
    return _resources(demands.cpu, demands.ends, demands.bandwidth_bps / MBPS)


def physical(substrate: Substrate) -> Resources:
    """What the physical network has left."""
    ends = np.array(substrate.network.links.wiring.edges)
    return _resources(substrate.cpu_left, ends, np.maximum(substrate.room_bps(), 0.0) / MBPS)


def _resources(cpu: FloatArray, ends: npt.NDArray[np.int64], mbps: FloatArray) -> Resources:
    nodes = len(cpu)
    matrix, joined = np.zeros((nodes, nodes)), np.zeros((nodes, nodes), dtype=bool)
    one, other = ends[:, 0], ends[:, 1]
    matrix[one, other] = matrix[other, one] = mbps
    joined[one, other] = joined[other, one] = True
    return Resources(cpu, matrix, joined)


def nrm(network: Resources) -> FloatArray:
    """Network resource metric: CPU times the bandwidth of the node's links.

    P. Zhang, H. Yao and Y. Liu, "Virtual network embedding based on computing, network, and storage
    resource constraints", IEEE Internet of Things Journal 5(5), 2018.
    """
    rank: FloatArray = network.cpu * network.mbps.sum(axis=0)
    return rank


def essential(network: Resources) -> FloatArray:
    """Degree times CPU, by which node essentiality assessment orders virtual nodes.

    W. Fan and others, "Node essentiality assessment and distributed collaborative virtual network
    embedding in datacenters", IEEE TPDS 34(4), 2023.
    """
    rank: FloatArray = network.cpu * network.joined.sum(axis=0)
    return rank


def grc(network: Resources) -> FloatArray:
    """Global resource capacity: CPU that a node has, and that its neighbours lend it.

    r = (1 - d) c + d M r, with c the share of the CPU that a node has and M[u, v] the share of the
    bandwidth of v's links that leads to u. L. Gong, Y. Wen, Z. Zhu and T. Lee, "Toward profit-
    seeking virtual network embedding algorithm via global resource capacity", INFOCOM 2014.
    """
    share = _shares(network.cpu)
    lent = _rows(network.mbps).T
    rank: FloatArray = share
    while True:
        following = (1 - _GRC_DAMPING) * share + _GRC_DAMPING * lent @ rank
        step = float(np.linalg.norm(following - rank))
        rank = following
        if step < _GRC_STOP:
            return rank


def random_walk(network: Resources) -> FloatArray:
    """Where a walker is who jumps, or goes on to neighbours, in proportion to :func:`nrm`.

    X. Cheng and others, "Virtual network embedding through topology-aware node ranking", ACM
    SIGCOMM Computer Communication Review 41(2), 2011.
    """
    metric = nrm(network)
    jump = _shares(metric)
    onward = _rows(network.joined * metric).T
    rank: FloatArray = jump
    while True:
        following = _JUMP * jump * rank.sum() + (1 - _JUMP) * onward @ rank
        step = float(np.linalg.norm(following - rank))
        rank = following
        if step < _WALK_STOP:
            return rank


def _shares(values: FloatArray) -> FloatArray:
    """Shares of the sum; equal ones where that is 0."""
    total = float(values.sum())
    if total <= 0:
        return np.full(len(values), 1.0 / len(values))
    shares: FloatArray = values / total
    return shares


def _rows(matrix: FloatArray) -> FloatArray:
    """Each row over its sum; a row of zeros stays."""
    total = matrix.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(matrix, total, out=np.zeros_like(matrix), where=total > 0)
    return shares
