"""The embeddings that a virtual network may have as a set, in units that fit any network."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.vne.candidates import KEPT, Candidates
from edgesim.twin.vne.arrivals import MBPS
from edgesim.twin.vne.workload import VNEWorkload
from edgesim.twin.vne.world import VNEWorld

__all__ = ["LOADS", "EmbeddingsObserver"]

Observation = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]

LOADS = np.array([0.0, 0.3, 0.5, 0.7, 0.85])
"""Loads above which it is shown what an embedding takes: enough for a convex price by pieces."""

# What a figure is multiplied by, so that it is about 1; the same in all worlds.
_TAKEN, _HOPS, _NODES = 10.0, 1 / 3, 1 / 10
_HIGH = 3.0  # values beyond are cut


class EmbeddingsObserver:
    """Some embeddings that a virtual network (VN) may have, for policies that choose a whole one.

    The choices are the embeddings of :func:`edgesim.envs.vne.candidates.find_candidates`, the
    cheapest first, and a last one, which rejects the VN. The entries of a feature stand together,
    one a choice. All of it is public knowledge.

    Args:
        world: the world.

    Attributes:
        space: ``ChoiceBox(0, 3)``, shape (entries,).
        names: name of each entry.
        features: what is shown of each choice, in order.
        request: what is shown of the VN and of the network, in order, after all choices.
    """

    features = (
        "there",  # 1; 0 where there are fewer embeddings
        "reject",  # 1 for the choice that rejects the VN, all else of which is 0
        "cost",  # ten times bandwidth times hops over the bandwidth of all links
        "hops",  # a third of the mean hops of a link, by bandwidth
        *(f"links above {load:g}" for load in LOADS),  # ten times the share of links that is taken
        *(f"nodes above {load:g}" for load in LOADS),  # likewise of the nodes' CPU
        "narrow",  # ten times the share of links left with less than a virtual link's mean
        "cut off",  # ten times the share of nodes left without a link that has more
    )
    request = (
        "nodes",  # of the VN, a tenth
        "cpu",  # ten times what it asks for over the CPU of all nodes
        "bandwidth",  # ten times what its links ask for over the bandwidth of all links
        "links used",  # mean share of a link's bandwidth that is held
        "cpu used",  # of all CPU
        "narrow",  # share of links with less left than a virtual link's mean
        "cut off",  # share of nodes without a link that has more
    )

    def __init__(self, world: VNEWorld) -> None:
        choices = KEPT + 1
        self.names = [f"{feature} {n}" for feature in self.features for n in range(choices)]
        self.names += [f"request {name}" for name in self.request]
        low = np.zeros(len(self.names), dtype=np.float32)
        high = np.full(len(self.names), _HIGH, dtype=np.float32)
        self.space: Any = ChoiceBox(low, high, self.names, self.features, choices)
        self._choices = choices
        self._mean_bps = float(np.mean(world.scenario.virtual.bandwidth_mbps)) * MBPS
        near = world.neighbourhood.near
        self._edges, self._first = near.link >> 1, near.start[:-1]

    def observe(self, twin: VNEWorkload, candidates: Candidates) -> Observation:
        """The observation of the VN at hand and its candidates, shape (entries,)."""
        substrate, request = twin.substrate, twin.embedding.request
        total_bps, capacity_bps = substrate.total_bps, np.maximum(substrate.capacity_bps, 1.0)
        room = np.maximum(substrate.room_bps(), 0.0)
        cpu_left = np.maximum(substrate.cpu_left, 0.0)
        cpu = np.maximum(substrate.cpu, 1.0)
        asked_cpu, asked_bps = float(sum(request.cpu)), request.bandwidth_bps
        count = len(candidates.cost)
        seen = np.zeros(len(self.names), dtype=np.float32)
        page = seen[: len(self.features) * self._choices].reshape(len(self.features), -1)
        page[0, :count] = page[0:2, -1] = 1.0
        narrow, cut_off = self._scarce(room)
        if count:
            after = np.maximum(candidates.room, 0.0)
            left = np.repeat(cpu_left[None], count, axis=0)
            left[np.arange(count)[:, None], candidates.hosts] -= np.array(request.cpu)
            page[2, :count] = candidates.cost / total_bps * _TAKEN
            if asked_bps:
                page[3, :count] = candidates.cost / asked_bps * _HOPS
            loads = len(LOADS)
            page[4 : 4 + loads, :count] = _above(1 - room / capacity_bps, 1 - after / capacity_bps)
            page[4 + loads : 4 + 2 * loads, :count] = _above(1 - cpu_left / cpu, 1 - left / cpu)
            of_each = np.array([self._scarce(each) for each in after])
            page[-2:, :count] = (of_each - (narrow, cut_off)).T * _TAKEN
        seen[-len(self.request) :] = (
            request.nodes * _NODES,
            asked_cpu / max(float(substrate.cpu.sum()), 1.0) * _TAKEN,
            asked_bps / total_bps * _TAKEN,
            float((1 - room / capacity_bps).mean()),
            1.0 - float(cpu_left.sum()) / max(float(substrate.cpu.sum()), 1.0),
            narrow,
            cut_off,
        )
        np.clip(seen, 0.0, _HIGH, out=seen)
        return seen

    def _scarce(self, room: FloatArray) -> tuple[float, float]:
        """Share of links with less room than a virtual link's mean, of nodes with no other."""
        narrow = room < self._mean_bps
        cut_off = np.logical_and.reduceat(narrow[self._edges], self._first)
        return float(narrow.mean()), float(cut_off.mean())


def _above(before: FloatArray, after: FloatArray) -> FloatArray:
    """Ten times the mean share above each load that is taken: shape (loads, candidates)."""
    above = np.maximum(after[None] - LOADS[:, None, None], 0.0)
    held = np.maximum(before[None] - LOADS[:, None, None], 0.0)
    shares: FloatArray = (above - held).mean(axis=2) * _TAKEN
    return shares
