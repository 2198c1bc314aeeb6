r"""More virtual networks than an episode can accept, whatever decides: the future is known.

Virtual network (VN) ``r`` is alive from its arrival to the end of its lifetime, which do not depend
on any decision; ``L_k`` are those alive at arrival ``k``. With ``x_r`` 1 where it is accepted and 0
otherwise, what any policy does keeps

    sum_{r in L_k} a_cr x_r <= A_c    for each arrival k and each resource c

since resources are never overbooked. The resources, with ``a_cr`` the least of each that an
embedding of ``r`` takes:

- the CPU of all nodes: what its nodes ask for;
- the bandwidth of all links: what its links ask for, since their ends have different hosts and
  every path has a hop;
- the ports of the nodes that have more than ``c`` bandwidth on their links, for some ``c``: all
  links of a virtual node leave its host, so that a node whose links ask for more than ``c``
  together has one of these hosts, and takes of its ports what its links ask for.

A VN is left out that cannot be embedded in the empty network, as far as the ports tell: its nodes
have different hosts, each with the ports that its links ask for.

The bound is the optimum over ``0 <= x_r <= 1``, a linear programme; reported is the value of its
dual prices, a bound by weak duality for any prices, rounded down to whole VNs.

It is loose where not the sums of resources are short but their places: that paths have more than
one hop, which nodes are near to which, and bounds on latency are left out.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from edgesim.agents.highs import maximise
from edgesim.agents.policies import Env
from edgesim.twin.vne.request import VirtualNetwork
from edgesim.twin.vne.workload import VNEWorkload

__all__ = ["episode_bound", "most_accepted"]

FloatArray = npt.NDArray[np.float64]

_PORTS = 8  # values of c, quantiles of the ports of all nodes
_ROUNDING = 1e-6  # VNs; what sums of prices may be off


def episode_bound(env: Env) -> float:
    """A bound on the acceptance ratio of the episode of an environment that was just reset.

    A fifth of a CPU second for the 1000 VNs of a preset.
    """
    bare: Any = env.unwrapped
    twin: VNEWorkload = bare.twin
    requests = list(twin.arrivals())
    wiring = twin.substrate.network.links.wiring
    ports = [sum(wiring.capacity_bps[link] for link in links) for links in wiring.leaving]
    most = most_accepted(requests, twin.substrate.cpu, twin.substrate.capacity_bps, np.array(ports))
    return most / max(len(requests), 1)


def most_accepted(
    requests: list[VirtualNetwork],
    cpu: FloatArray,
    capacity_bps: FloatArray,
    ports_bps: FloatArray,
) -> int:
    """A bound on how many VNs can be accepted, as the module's docstring derives it.

    Args:
        requests: all VNs.
        cpu: CPU units of each physical node, shape (nodes,).
        capacity_bps: of each physical edge each way, shape (edges,), bit/s.
        ports_bps: bandwidth of the links of each physical node, shape (nodes,), bit/s.
    """
    asked = [_asked_bps(request) for request in requests]
    can = np.array([_embeddable(each, ports_bps) for each in asked], dtype=float)
    takes = [
        np.array([sum(request.cpu) for request in requests]),
        np.array([request.bandwidth_bps for request in requests]),
    ]
    limits = [float(cpu.sum()), float(capacity_bps.sum())]
    for more in np.quantile(ports_bps, np.linspace(0, 1, _PORTS, endpoint=False)).tolist():
        takes.append(np.array([each[each > more].sum() for each in asked]))
        limits.append(float(ports_bps[ports_bps > more].sum()))
    lines, at_most = _binding(requests, np.array(takes) * can, np.array(limits))
    price = np.zeros(len(at_most))
    if len(at_most):
        found = maximise(can, (lines, at_most), bounds=(0.0, 1.0))
        if found is not None:
            price = found.at_most
    gain = np.maximum(can - lines.T @ price, 0.0)
    return int(price @ at_most + gain.sum() + _ROUNDING)


def _embeddable(asked_bps: FloatArray, ports_bps: FloatArray) -> bool:
    """Whether there are different hosts with the ports that the links of virtual nodes ask for."""
    asked, there = np.sort(asked_bps)[::-1], np.sort(ports_bps)[::-1]
    return len(asked) <= len(there) and bool((asked <= there[: len(asked)]).all())


def _asked_bps(request: VirtualNetwork) -> FloatArray:
    """Bandwidth of the links of each virtual node, shape (nodes,), bit/s."""
    links = request.links
    return np.array(
        [sum(links[index].bandwidth_bps for _, index in beside) for beside in request.beside],
        dtype=float,
    )


def _binding(
    requests: list[VirtualNetwork], takes: FloatArray, limits: FloatArray
) -> tuple[sparse.csr_array, FloatArray]:
    """The lines that would not hold if all VNs were accepted, and their limits."""
    arrival_s = np.array([request.arrival_s for request in requests])
    end_s = arrival_s + np.array([request.lifetime_s for request in requests])
    alive = (arrival_s <= arrival_s[:, None]) & (end_s > arrival_s[:, None])
    instant, resource = np.nonzero(alive @ takes.T > limits)
    return sparse.csr_array(takes[resource] * alive[instant]), limits[resource]
