"""What a chain is expected to get, and to take from those that run: from reservations alone."""

from math import exp
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.queueing import finite_queues
from edgesim.twin.sfc.chain import Chain, QoS, Request
from edgesim.twin.sfc.qoe import qoe_model
from edgesim.twin.sfc.slice_fabric import SliceFabric
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["Marginal"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STEPS = 400  # of the tables over a resource's load: a quarter of a percent each
_SHARES = 200  # of background traffic that they are means over
_A_LITTLE = 1e-6  # of delay (ms) or loss, for a slope of a model of QoE


class _Running(NamedTuple):
    """What the running chains hold. Links come first, then instances.

    Attributes:
        chains: those that are carried now.
        resources: numbers of what they hold, chain after chain.
        starts: where each chain's begin, and the end; shape (chains + 1,).
        load: reserved share of each resource.
    """

    chains: list[Chain]
    resources: Ints
    starts: Ints
    load: Floats


class Marginal(Shared):
    """Expected QoE of chains over a network whose background traffic goes up and down.

    Expected over background traffic, whose share of a link is uniform, with reservations as they
    are: mean delay and loss of a link follow from its reserved share alone, and those of an
    instance likewise. What a chain takes from another counts for the time that both are expected to
    run. Lives are exponential, so that with means T and T' (s) that is T T' / (T + T'), of T' in
    which the other pays its QoE. What it takes from later requests is not in it.

    Nothing of it is hidden: reservations and the paths of running chains are the controller's own,
    and what traffic and lives are like is stated in the scenario.

    Args:
        world: a world of slices over a network.
    """

    def __init__(self, world: SliceWorld) -> None:
        network = world.scenario.network
        assert network is not None
        self._qoe = world.scenario.qoe
        self._model = qoe_model(world.scenario.qoe)
        self._life_s = np.array([part.holding_s for part in network.slices])
        load = np.linspace(0.0, 1.0, _STEPS + 1)
        low, high = network.links.background_share
        share = low + (high - low) * (np.arange(_SHARES) + 0.5) / _SHARES
        together = np.minimum(load[:, None] + share, 1.0)
        stay, lost = finite_queues(together.reshape(-1), network.links.queue_bursts)
        alone, _ = finite_queues(load, network.instances.queue_packets)
        self._tables = np.stack(
            [
                stay.reshape(together.shape).mean(axis=1),
                -np.log1p(-lost.reshape(together.shape).mean(axis=1)),
                alone,
                np.zeros_like(alone),
            ]
        )
        wiring, instances = world.wiring, len(world.placement.node)
        self.links = len(wiring.capacity_bps)
        self._capacity = np.concatenate(
            [wiring.capacity_bps, np.full(instances, network.instances.capacity_bps)]
        )
        self._fixed_ms = 1000 * np.concatenate([wiring.propagation_s, np.zeros(instances)])
        stay_ms = np.full(instances, network.instances.processing_ms)
        self._stay_ms = np.concatenate([1000 * np.array(wiring.burst_s), stay_ms])

    def worth(self, twin: SFCWorkload, chain: Chain) -> float:
        """Expected QoE of a chain that runs, less what the others are expected to lose by it."""
        running = self._running(twin)
        own = running.chains.index(chain)
        mine = running.resources[running.starts[own] : running.starts[own + 1]]
        without = running.load.copy()
        np.subtract.at(without, mine, chain.request.bandwidth / self._capacity[mine])
        after = self._get(running, running.load)
        before = self._get(running, without)
        met = np.zeros(len(without), dtype=bool)
        met[mine] = True
        counts = np.add.reduceat(met[running.resources], running.starts[:-1])
        together = self._together(chain.request, running)
        worth = self._expected(chain.request, *after[:, own])
        met_by = [place for place in np.flatnonzero(counts).tolist() if place != own]
        others = [running.chains[place].request for place in met_by]
        loses = self._all_expected(others, before[:, met_by])
        loses -= self._all_expected(others, after[:, met_by])
        return worth - float(loses @ together[met_by])

    def tariffs(self, twin: SFCWorkload, request: Request) -> Floats:
        """What each resource adds to a chain of a request, and what others lose if it takes it.

        To first order: as if the chain took that resource alone.

        Returns:
            shape (resources, 3), links first: expected delay, ms; expected -ln(1 - loss); QoE that
            running chains are expected to lose.
        """
        running = self._running(twin)
        now, then = (
            self._of_resources(load)
            for load in (running.load, running.load + request.bandwidth / self._capacity)
        )
        got = _summed(running.resources, running.starts, now)
        together = self._together(request, running)
        slopes = self._slopes(running, got) * together[:, None]
        taken = np.zeros((len(self._capacity), 2))
        owner = np.repeat(np.arange(len(running.chains)), np.diff(running.starts))
        np.add.at(taken, running.resources, slopes[owner])
        loses = ((then - now).T * taken).sum(axis=1)
        return np.column_stack([then.T, loses])

    # --- inside ---------------------------------------------------------------------------------

    def _running(self, twin: SFCWorkload) -> _Running:
        fabric, links = twin.fabric, self.links
        assert isinstance(fabric, SliceFabric)
        chains = [chain for chain, _ in twin.running.values() if not chain.held.interrupted]
        flat: list[int] = []
        starts = [0]
        for chain in chains:
            for path in chain.held.flow.paths:
                flat += path
            flat += [links + instance for instance in chain.held.instances]
            starts.append(len(flat))
        held = (fabric.links.reserved_bps, fabric.hosts.reserved_bps)
        load = np.concatenate([np.frombuffer(part) for part in held]) / self._capacity
        return _Running(chains, np.array(flat, dtype=np.int64), np.array(starts), load)

    def _together(self, request: Request, running: _Running) -> Floats:
        """Time that each chain is expected to run beside one of a request, over its own life."""
        mine = self._life_s[request.kind]
        theirs = self._life_s[[chain.request.kind for chain in running.chains]]
        beside: Floats = mine / (mine + theirs)
        return beside

    def _of_resources(self, load: Floats) -> Floats:
        """Mean delay (ms) and -ln(1 - loss) of each resource, shape (2, resources)."""
        figures = np.empty((2, len(load)))
        _look_up(load, self.links, self._tables, self._fixed_ms, self._stay_ms, figures)
        return figures

    def _get(self, running: _Running, load: Floats) -> Floats:
        """The same of each running chain, shape (2, chains)."""
        return _summed(running.resources, running.starts, self._of_resources(load))

    def _expected(self, request: Request, delay_ms: float, lost: float) -> float:
        return self._model(request, QoS(delay_ms, request.bandwidth, 1.0 - exp(-lost)))

    def _all_expected(self, requests: list[Request], got: Floats) -> Floats:
        """Expected QoE of several chains, from delay (ms) and -ln(1 - loss), shape (2, chains)."""
        qoe = self._qoe
        if qoe.model == "iqx" and qoe.floor is None:  # as most worlds have it: all at once
            bound_ms = np.array([request.max_delay_ms for request in requests])
            disturbed = got[0] / bound_ms - np.expm1(-got[1]) / qoe.loss_bound
            found: Floats = qoe.iqx_alpha * np.exp(-qoe.iqx_beta * disturbed) + qoe.iqx_gamma
            return found
        pairs = zip(requests, got.T.tolist(), strict=True)
        return np.array([self._expected(request, *figures) for request, figures in pairs])

    def _slopes(self, running: _Running, got: Floats) -> Floats:
        """QoE that each running chain loses by a ms of delay, and by -ln(1 - loss): (chains, 2)."""
        if not running.chains:
            return np.zeros((0, 2))
        if self._qoe.model == "iqx" and self._qoe.floor is None:
            bound_ms = np.array([chain.request.max_delay_ms for chain in running.chains])
            kept = np.exp(-got[1])
            disturbed = got[0] / bound_ms + (1.0 - kept) / self._qoe.loss_bound
            fall = self._qoe.iqx_alpha * self._qoe.iqx_beta
            fall = fall * np.exp(-self._qoe.iqx_beta * disturbed)
            return np.column_stack([fall / bound_ms, fall * kept / self._qoe.loss_bound])
        slopes = np.empty((len(running.chains), 2))
        for place, (chain, (ms, lost)) in enumerate(
            zip(running.chains, got.T.tolist(), strict=True)
        ):
            here = self._expected(chain.request, ms, lost)
            slopes[place] = (
                (here - self._expected(chain.request, ms + _A_LITTLE, lost)) / _A_LITTLE,
                (here - self._expected(chain.request, ms, lost + _A_LITTLE)) / _A_LITTLE,
            )
        return slopes


@compiled()
def _look_up(
    load: Floats, links: int, tables: Floats, fixed_ms: Floats, stay_ms: Floats, figures: Floats
) -> None:
    """Mean delay and -ln(1 - loss) of each resource, straight between the entries of the tables."""
    steps = tables.shape[1] - 1
    for resource in range(len(load)):
        place = min(max(load[resource], 0.0), 1.0) * steps
        entry = min(int(place), steps - 1)
        part = place - entry
        kind = 0 if resource < links else 2
        stay = tables[kind, entry] + part * (tables[kind, entry + 1] - tables[kind, entry])
        figures[0, resource] = fixed_ms[resource] + stay_ms[resource] * stay
        kind += 1
        figures[1, resource] = tables[kind, entry] + part * (
            tables[kind, entry + 1] - tables[kind, entry]
        )


@compiled()
def _summed(resources: Ints, starts: Ints, figures: Floats) -> Floats:
    """Sums over what each chain holds, shape (kinds, chains)."""
    kinds = len(figures)
    sums = np.zeros((kinds, len(starts) - 1))
    for chain in range(len(starts) - 1):
        for at in range(starts[chain], starts[chain + 1]):
            for kind in range(kinds):
                sums[kind, chain] += figures[kind, resources[at]]
    return sums
