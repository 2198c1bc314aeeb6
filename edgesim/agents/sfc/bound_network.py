r"""The bound on service chains over a network: what links and instances hold together at most.

Request ``r`` of bandwidth ``b_r`` is alive from its arrival to its release, which do not depend on
any decision; ``L_k`` are those alive at arrival ``k``. With ``x_r`` the share of ``r`` that is
served to its end, which pays ``q_r`` at most, and ``p_r`` what it pays otherwise
(:func:`edgesim.agents.sfc.bound_alone.most_paid`), the programme is

    maximise  sum p_r + (q_r - p_r) x_r
    over      sum_{r in L_k} a_cr b_r x_r <= A_c    for each arrival k and each whole c of resources
              0 <= x_r <= 1

What any policy does is a solution with whole ``x``: a chain that is served to its end holds its
bandwidth at all arrivals it is alive at, also while a failure interrupts it or after it has led it
over other links, and reservations never exceed a capacity. What chains hold that are dropped later
is left out. The wholes, with ``a_cr`` the least that any chain of ``r`` takes of each:

- all instances of one VNF: as often as the chain names it;
- all links together: the fewest links over which a chain of ``r`` can run;
- the links into a set of nodes: 1 if the source lies outside and the destination, or all instances
  of a VNF of the chain, inside; likewise the links out of it. The sets are each node, and the nodes
  of the instances of each VNF.

Any lines may be left out: only some arrivals are kept to, and of them the lines that would not hold
if all were served. Reported is the value of the prices, a bound by weak duality for any prices.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

from edgesim.agents.highs import maximise
from edgesim.agents.sfc.bound_alone import most_paid
from edgesim.twin.sfc.chain import Request
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["network_bound"]

FloatArray = npt.NDArray[np.float64]

_INSTANTS = 60  # arrivals at which capacities are kept to


def network_bound(
    twin: SFCWorkload,
    world: SliceWorld,
    requests: list[Request],
    most: FloatArray | None = None,
) -> float:
    """The bound on what these requests pay, as the module's docstring derives it.

    ``most``: what each pays at most if it is served, shape (requests,), where something else than
    its QoE counts too.
    """
    served, otherwise = most_paid(twin, requests)
    if most is not None:
        served = most
    gain = np.maximum(served - otherwise, 0.0)
    lines, limits = _binding(world, requests)
    price = np.zeros(len(limits))
    if len(limits):
        found = maximise(gain, (lines, limits), bounds=(0.0, 1.0))
        if found is not None:
            price = found.at_most
    left_over = np.maximum(gain - lines.T @ price, 0.0)
    return float(otherwise.sum() + price @ limits + left_over.sum())


def _binding(world: SliceWorld, requests: list[Request]) -> tuple[sparse.csr_array, FloatArray]:
    """The lines that would not hold if all requests were served, and their limits."""
    takes, limits = _wholes(world, requests)
    arrival_s = np.array([request.arrival_s for request in requests])
    end_s = arrival_s + np.array([request.holding_s for request in requests])
    looks = np.linspace(0, len(requests) - 1, _INSTANTS).round().astype(int)
    at_s = arrival_s[np.unique(looks)]
    alive = (arrival_s <= at_s[:, None]) & (end_s > at_s[:, None])
    asked = alive @ takes.T
    instant, whole = np.nonzero(asked > limits)
    return sparse.csr_array(takes[whole] * alive[instant]), limits[whole]


def _wholes(world: SliceWorld, requests: list[Request]) -> tuple[FloatArray, FloatArray]:
    """What the requests take at least of each whole, shape (wholes, requests), bit/s; what it has.

    Unit of the limits, shape (wholes,), likewise.
    """
    wiring, placement = world.wiring, world.placement
    network = world.scenario.network
    assert network is not None
    bandwidth = np.array([request.bandwidth for request in requests])
    source = np.array([request.source for request in requests])
    destination = np.array([request.destination for request in requests])
    named = np.array([[chain.count(vnf) for chain in world.chains] for vnf in _vnfs(world)])
    named = named[:, [request.kind for request in requests]]
    ends, capacity = np.array(wiring.ends).T, np.array(wiring.capacity_bps)
    takes = [*named.astype(float), _fewest_links(world, requests)]
    limits = [sum(placement.capacity_bps[place] for place in of) for of in placement.of_type]
    limits.append(float(capacity.sum()))
    hosts = [{placement.node[instance] for instance in of} for of in placement.of_type]
    for nodes in [*({node} for node in range(wiring.nodes)), *hosts]:
        member = np.isin(np.arange(wiring.nodes), list(nodes))
        vnfs = [vnf for vnf in _vnfs(world) if hosts[vnf] <= nodes]
        visits = named[vnfs].any(axis=0)
        start, stop = member[ends[0]], member[ends[1]]
        begins, finishes = member[source], member[destination]
        for crossing, crosses in (
            (~start & stop, ~begins & (finishes | visits)),
            (start & ~stop, ~finishes & (begins | visits)),
        ):
            takes.append(crosses.astype(float))
            limits.append(float(capacity[crossing].sum()))
    return np.array(takes) * bandwidth, np.array(limits)


def _vnfs(world: SliceWorld) -> range:
    return range(len(world.placement.of_type))


def _fewest_links(world: SliceWorld, requests: list[Request]) -> FloatArray:
    """Links of the chain with the fewest, for each request; 0 where none can reach its end."""
    wiring = world.wiring
    ends = np.array(wiring.ends, dtype=np.int32).T  # older versions of SciPy refuse 64 bits
    joined = sparse.csr_array((np.ones(ends.shape[1]), tuple(ends)), shape=(wiring.nodes,) * 2)
    links = shortest_path(joined, unweighted=True)
    fewest = np.zeros(len(requests))
    for row, request in enumerate(requests):
        points = world.points(request)
        total = np.zeros(1)
        for before, after in pairwise(points):
            total = (total[:, None] + links[np.ix_(before, after)]).min(axis=0)
        fewest[row] = total[0] if np.isfinite(total[0]) else 0.0
    return fewest
